// Counts the device work of each operator with libtorch's observer. This works on any device, because the same
// operators are called on all of them.
//
// An operator launches work if libtorch has a kernel for it on a backend; operators that it calls in turn are part of
// it. A composite operator launches nothing itself; the operators that it calls do. Views and allocations launch
// nothing.
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/record_function.h>
#include <c10/core/Allocator.h>
#include <c10/util/ThreadLocalDebugInfo.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <tuple>
#include <unordered_map>

#include "text.h"

namespace {

// As in src/native/count.rs.
enum Kind : int { kComposite = -1, kLaunch, kView, kAllocation };

// Work of a training phase besides operators.
struct Amounts {
  uint64_t waits = 0, uploads = 0, allocated = 0, moved = 0;
};

struct Counts {
  std::map<std::tuple<int, int, std::string>, uint64_t> operators;
  std::map<int, Amounts> amounts;
  int64_t held = 0, peak = 0;
};

std::atomic<int> phase{0};
std::mutex guard;
Counts counts;
thread_local int inside = 0;

// Operators with one kernel for all backends, which does the work itself; and operators over lists of tensors, which a
// CPU splits up and a GPU runs at once.
bool works_itself(const std::string& name) {
  return name == "aten::copy_" || name == "aten::mkldnn_convolution" || name == "aten::convolution_backward" ||
         name.rfind("aten::_foreach_", 0) == 0;
}

bool is_view(const c10::FunctionSchema& schema) {
  const auto& returns = schema.returns();
  return std::any_of(returns.begin(), returns.end(), [](const c10::Argument& value) {
    return value.alias_info() != nullptr && !value.alias_info()->isWrite();
  });
}

bool is_allocation(const std::string& name) {
  return name.rfind("aten::empty", 0) == 0 || name.rfind("aten::new_empty", 0) == 0 || name == "aten::resize_" ||
         name == "aten::set_";
}

Kind kind_of(const c10::OperatorName& name) {
  if (name.name == "aten::_local_scalar_dense") return kComposite;
  if (works_itself(name.name)) return kLaunch;
  const auto found = c10::Dispatcher::singleton().findSchema(name);
  if (!found.has_value()) return kComposite;
  const bool has_kernel =
      found->hasKernelForDispatchKey(c10::DispatchKey::CPU) || found->hasKernelForDispatchKey(c10::DispatchKey::CUDA);
  if (is_allocation(name.name)) return has_kernel ? kAllocation : kComposite;
  if (is_view(found->schema())) return kView;
  return has_kernel ? kLaunch : kComposite;
}

// The kind of an operator never changes. Call with the lock held.
Kind known_kind(const c10::OperatorName& name) {
  static std::unordered_map<c10::OperatorName, Kind> known;
  const auto found = known.find(name);
  return found != known.end() ? found->second : known.emplace(name, kind_of(name)).first->second;
}

uint64_t bytes_of(const at::Tensor& tensor) { return tensor.defined() ? tensor.numel() * tensor.element_size() : 0; }

// Visits the tensors of an argument or result: a tensor, or a list of tensors, some of which may be undefined.
uint64_t bytes_of_value(const c10::IValue& value) {
  if (value.isTensor()) return bytes_of(value.toTensor());
  uint64_t bytes = 0;
  if (value.isTensorList()) {
    for (const at::Tensor& tensor : value.toTensorVector()) bytes += bytes_of(tensor);
  } else if (value.isList()) {
    for (const c10::IValue& entry : value.toListRef()) bytes += entry.isTensor() ? bytes_of(entry.toTensor()) : 0;
  }
  return bytes;
}

template <class Values>
uint64_t bytes_of_all(const Values& values) {
  uint64_t bytes = 0;
  for (const c10::IValue& value : values) bytes += bytes_of_value(value);
  return bytes;
}

// A copy between host and device, for which the host waits.
void note_transfer(c10::ArrayRef<const c10::IValue> inputs, Amounts& amounts) {
  if (inputs.size() < 2 || !inputs[0].isTensor() || !inputs[1].isTensor()) return;
  const bool to_host = inputs[0].toTensor().is_cpu(), from_host = inputs[1].toTensor().is_cpu();
  if (from_host && !to_host) amounts.uploads++;
  if (to_host && !from_host) amounts.waits++;
}

struct Call : at::ObserverContext {
  bool launches = false;
  int phase = 0;
};

std::unique_ptr<at::ObserverContext> enter(const at::RecordFunction& function) {
  auto call = std::make_unique<Call>();
  const auto name = function.operator_name();
  if (!name.has_value() || inside > 0) {
    // Operators called by a kernel are part of it, but the depth has to be tracked.
    call->launches = inside > 0;
    inside += call->launches;
    call->phase = -1;
    return call;
  }
  const std::lock_guard<std::mutex> lock(guard);
  const auto kind = known_kind(*name);
  call->launches = kind == kLaunch;
  call->phase = phase.load(std::memory_order_relaxed);
  inside += call->launches;
  if (kind != kComposite) counts.operators[{call->phase, kind, name->name.substr(name->name.find("::") + 2)}]++;
  auto& amounts = counts.amounts[call->phase];
  if (name->name == "aten::_local_scalar_dense") amounts.waits++;
  if (name->name == "aten::copy_") note_transfer(function.inputs(), amounts);
  if (call->launches) amounts.moved += bytes_of_all(function.inputs());
  return call;
}

void leave(const at::RecordFunction& function, at::ObserverContext* context) {
  const auto* call = static_cast<const Call*>(context);
  // Operators that began before counting started.
  if (call == nullptr) return;
  inside -= call->launches;
  if (!call->launches || call->phase < 0) return;
  const std::lock_guard<std::mutex> lock(guard);
  // Tensors written in place were among the inputs; they are read and written.
  counts.amounts[call->phase].moved += bytes_of_all(function.outputs());
}

// Called for every allocation on this thread, and on autograd's threads for it.
struct Memory : c10::MemoryReportingInfoBase {
  void reportMemoryUsage(void*, int64_t size, size_t, size_t, c10::Device) override {
    const std::lock_guard<std::mutex> lock(guard);
    if (size > 0) counts.amounts[phase.load(std::memory_order_relaxed)].allocated += size;
    counts.held += size;
    counts.peak = std::max(counts.peak, counts.held);
  }
  bool memoryProfilingEnabled() const override { return true; }
};

}  // namespace

extern "C" {

// Sets the phase of the following operators; returns the previous one.
int freezewise_set_phase(int next) { return phase.exchange(next, std::memory_order_relaxed); }

// Starts counting operators on any thread, and memory on this thread and autograd's. Returns a handle for
// freezewise_counted.
uint64_t freezewise_count() {
  {
    const std::lock_guard<std::mutex> lock(guard);
    counts = Counts();
  }
  c10::ThreadLocalDebugInfo::_push(c10::DebugInfoKind::PROFILER_STATE, std::make_shared<Memory>());
  return at::addGlobalCallback(at::RecordFunctionCallback(enter, leave)
                                   .needsInputs(true)
                                   .needsOutputs(true)
                                   .scopes({at::RecordScope::FUNCTION}));
}

// Stops counting. Calls `see_operator` with each operator's phase, kind, name and count, and `see_amounts` with each
// phase's waits, uploads, and bytes allocated and moved. Returns the peak of bytes held beyond those at the start.
uint64_t freezewise_counted(uint64_t handle, void* seer, void (*see_operator)(void*, int, int, const char*, uint64_t),
                            void (*see_amounts)(void*, int, uint64_t, uint64_t, uint64_t, uint64_t)) {
  at::removeCallback(handle);
  c10::ThreadLocalDebugInfo::_pop(c10::DebugInfoKind::PROFILER_STATE);
  const std::lock_guard<std::mutex> lock(guard);
  for (const auto& [key, times] : counts.operators) {
    see_operator(seer, std::get<0>(key), std::get<1>(key), std::get<2>(key).c_str(), times);
  }
  for (const auto& [number, amounts] : counts.amounts) {
    see_amounts(seer, number, amounts.waits, amounts.uploads, amounts.allocated, amounts.moved);
  }
  return counts.peak;
}

}  // extern "C"
