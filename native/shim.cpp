// Parts of libtorch that tch does not bind, for any device; linked into the program. cuda.cpp has those for CUDA.
//
// Tensors are passed as `at::Tensor*`, as tch holds them. Every function that may throw catches exceptions and returns
// 0, or 1 with the cause in `error` (kTextSize bytes): an exception must not cross into Rust.
#include <ATen/Context.h>
#include <ATen/autocast_mode.h>
#include <ATen/ops/_amp_foreach_non_finite_check_and_unscale.h>
#include <ATen/ops/_amp_update_scale.h>
#include <ATen/ops/_fused_adam.h>
#include <ATen/ops/_fused_adamw.h>
#include <ATen/ops/_fused_sgd.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/from_blob.h>
#include <ATen/record_function.h>

#include <atomic>
#include <chrono>
#include <cstdint>

#include "text.h"

namespace {

using Tensors = at::Tensor* const*;

std::vector<at::Tensor> listed(Tensors tensors, int64_t count) {
  std::vector<at::Tensor> list;
  list.reserve(count);
  for (int64_t index = 0; index < count; index++) list.push_back(*tensors[index]);
  return list;
}

// Whether two tensors of the same shape have the same memory layout; the stride of a dimension of size 1 does not
// matter.
bool alike(const at::Tensor& one, const at::Tensor& other) {
  for (int64_t dimension = 0; dimension < one.dim(); dimension++) {
    if (one.size(dimension) > 1 && one.stride(dimension) != other.stride(dimension)) return false;
  }
  return one.scalar_type() == other.scalar_type();
}

// The fused kernels iterate over memory, so a gradient must have the same layout as its parameter. One returned by
// autograd may not; only `backward()` into `.grad` fixes the layout.
std::vector<at::Tensor> laid_out(Tensors gradients, const std::vector<at::Tensor>& parameters) {
  std::vector<at::Tensor> list;
  list.reserve(parameters.size());
  for (size_t index = 0; index < parameters.size(); index++) {
    const auto& gradient = *gradients[index];
    const auto& parameter = parameters[index];
    list.push_back(alike(gradient, parameter) ? gradient : at::empty_like(parameter).copy_(gradient));
  }
  return list;
}

std::optional<at::Tensor> optional(const at::Tensor* tensor) {
  return tensor == nullptr ? std::nullopt : std::optional<at::Tensor>(*tensor);
}

// Counts of an observer: top-level operators, and the time in them and in autograd nodes.
std::atomic<uint64_t> operators{0}, nanoseconds{0};

struct Range : at::ObserverContext {
  bool is_operator = false;
  std::chrono::steady_clock::time_point start;
};
thread_local int ranges = 0, operator_depth = 0;

std::unique_ptr<at::ObserverContext> enter(const at::RecordFunction& function) {
  auto range = std::make_unique<Range>();
  range->is_operator = function.scope() == at::RecordScope::FUNCTION;
  if (range->is_operator && operator_depth++ == 0) operators.fetch_add(1, std::memory_order_relaxed);
  ranges++;
  range->start = std::chrono::steady_clock::now();
  return range;
}

void leave(const at::RecordFunction&, at::ObserverContext* context) {
  const auto* range = static_cast<const Range*>(context);
  const auto time = std::chrono::steady_clock::now() - range->start;
  if (range->is_operator) operator_depth--;
  if (--ranges == 0) nanoseconds += std::chrono::duration_cast<std::chrono::nanoseconds>(time).count();
}

}  // namespace

extern "C" {

// A tensor over `data`, bytes in the shape `sizes`; `release` is called with `owner` once the last tensor over them is
// gone.
int freezewise_adopt(void* data, const int64_t* sizes, int64_t dimensions, void* owner, void (*release)(void*),
                     at::Tensor** tensor, char* error) {
  return caught(error, [&] {
    const auto shape = at::IntArrayRef(sizes, dimensions);
    const auto free = [owner, release](void*) { release(owner); };
    *tensor = new at::Tensor(at::from_blob(data, shape, free, at::TensorOptions().dtype(at::kByte)));
  });
}

// One step of SGD; `directions` may be null if momentum is 0. `scale` and `bad` belong to a loss scaler, or are null.
int freezewise_fused_sgd(Tensors parameters, Tensors gradients, Tensors directions, int64_t count,
                         const at::Tensor* rate, double momentum, double weight_decay, bool nesterov,
                         const at::Tensor* scale, const at::Tensor* bad, char* error) {
  return caught(error, [&] {
    const auto values = listed(parameters, count);
    const auto kept = directions == nullptr ? std::vector<at::Tensor>() : listed(directions, count);
    // Momentum buffers start at zero, so the first step is like all others.
    at::_fused_sgd_(values, laid_out(gradients, values), kept, weight_decay, momentum, *rate, 0.0, nesterov, false,
                    false, optional(scale), optional(bad));
  });
}

// One step of Adam, or of AdamW if `decoupled`. `step` starts at 1 and is the same for all parameters.
int freezewise_fused_adam(Tensors parameters, Tensors gradients, Tensors means, Tensors squares, int64_t count,
                          const at::Tensor* rate, const at::Tensor* step, double beta1, double beta2, double epsilon,
                          double weight_decay, bool decoupled, const at::Tensor* scale, const at::Tensor* bad,
                          char* error) {
  return caught(error, [&] {
    const auto values = listed(parameters, count);
    const std::vector<at::Tensor> steps(count, *step);
    const auto update = [&](auto&& kernel) {
      kernel(values, laid_out(gradients, values), listed(means, count), listed(squares, count),
             std::vector<at::Tensor>(), steps, *rate, beta1, beta2, weight_decay, epsilon, false, false,
             optional(scale), optional(bad));
    };
    if (decoupled) {
      update([](auto&&... arguments) { at::_fused_adamw_(arguments...); });
    } else {
      update([](auto&&... arguments) { at::_fused_adam_(arguments...); });
    }
  });
}

// Moves averages towards values, `average += weight * (value - average)`, as one kernel where the device has one.
int freezewise_lerp(Tensors averages, Tensors values, int64_t count, double weight, char* error) {
  return caught(error, [&] {
    const at::NoGradGuard no_gradient;
    at::_foreach_lerp_(listed(averages, count), listed(values, count), weight);
  });
}

// Adds the L2 norm of all gradients together, divided by `scale` if not null, to `sum`, a double; adds nothing if it is
// not finite.
int freezewise_add_norm(const at::Tensor* sum, Tensors gradients, int64_t count, const at::Tensor* scale, char* error) {
  return caught(error, [&] {
    const at::NoGradGuard no_gradient;
    auto norm = at::stack(at::_foreach_norm(listed(gradients, count), 2.0)).to(at::kDouble).norm();
    if (scale != nullptr) norm = norm / *scale;
    at::Tensor total = *sum;
    total.add_(at::nan_to_num(norm, 0.0, 0.0, 0.0));
  });
}

// Sets `bad` to 1 if any gradient is not finite.
int freezewise_find_bad(Tensors gradients, int64_t count, const at::Tensor* bad, const at::Tensor* one, char* error) {
  return caught(error, [&] {
    at::Tensor found = *bad;
    at::_amp_foreach_non_finite_check_and_unscale_(listed(gradients, count), found, *one);
  });
}

// The next scale of a loss scaler: halved after a bad step, doubled after `interval` good ones.
int freezewise_update_scale(const at::Tensor* scale, const at::Tensor* good_steps, const at::Tensor* bad,
                            int64_t interval, char* error) {
  return caught(error, [&] {
    at::Tensor value = *scale;
    at::Tensor tracker = *good_steps;
    at::_amp_update_scale_(value, tracker, *bad, 2.0, 0.5, interval);
  });
}

// Enables autocast on a device for this thread. `kind` is a ScalarType; a negative value disables autocast and clears
// its cache of weights.
void freezewise_autocast(bool cuda, int kind) {
  const auto device = cuda ? at::kCUDA : at::kCPU;
  if (kind < 0) {
    at::autocast::set_autocast_enabled(device, false);
    at::autocast::clear_cache();
  } else {
    at::autocast::set_autocast_dtype(device, static_cast<at::ScalarType>(kind));
    at::autocast::set_autocast_cache_enabled(true);
    at::autocast::set_autocast_enabled(device, true);
  }
}

// Whether fp32 matrix products and convolutions on CUDA may round their inputs to TF32.
int freezewise_allow_tf32(bool allowed, char* error) {
  return caught(error, [&] {
    at::globalContext().setAllowTF32CuBLAS(allowed);
    at::globalContext().setAllowTF32CuDNN(allowed);
  });
}

// Whether only deterministic kernels may run.
int freezewise_deterministic(bool wanted, char* error) {
  return caught(error, [&] {
    at::globalContext().setDeterministicAlgorithms(wanted, false);
    at::globalContext().setDeterministicCuDNN(wanted);
    at::globalContext().setDeterministicFillUninitializedMemory(false);
  });
}

// Whether attention is computed as matrix products and a softmax instead of in one kernel.
int freezewise_plain_attention(bool wanted, char* error) {
  return caught(error, [&] {
    auto& context = at::globalContext();
    context.setSDPUseMath(true);
    context.setSDPUseFlash(!wanted);
    context.setSDPUseMemEfficient(!wanted);
    context.setSDPUseCuDNN(!wanted);
  });
}

// A tensor in channels_last layout; the tensor itself if it already has that layout.
int freezewise_channels_last(at::Tensor* tensor, char* error) {
  return caught(error, [&] {
    const at::NoGradGuard no_gradient;
    tensor->set_data(tensor->data().contiguous(at::MemoryFormat::ChannelsLast));
  });
}

// Starts observing libtorch on all threads. Returns a handle for freezewise_observed.
uint64_t freezewise_observe() {
  operators = 0;
  nanoseconds = 0;
  return at::addGlobalCallback(at::RecordFunctionCallback(enter, leave)
                                   .scopes({at::RecordScope::FUNCTION, at::RecordScope::BACKWARD_FUNCTION}));
}

// Stops observing; returns the number of operators and the time in them.
void freezewise_observed(uint64_t handle, uint64_t* count, uint64_t* time) {
  at::removeCallback(handle);
  *count = operators;
  *time = nanoseconds;
}

}  // extern "C"
