// Every operator on CUDA tensors: checked, counted, and run by the CPU's kernel over the same memory.
#include <ATen/DeviceGuard.h>
#include <ATen/EmptyTensor.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <ATen/record_function.h>
#include <c10/core/CPUAllocator.h>
#include <torch/library.h>

#include <set>

#include "standin.h"

namespace standin {

using c10::DispatchKey;
using c10::DispatchKeySet;
using Stack = torch::jit::Stack;

Tensor tensor_over(c10::Storage storage, DispatchKey key, const Tensor& like) {
  auto tensor = at::detail::make_tensor<c10::TensorImpl>(std::move(storage), DispatchKeySet(key), like.dtype());
  tensor.unsafeGetTensorImpl()->set_sizes_and_strides(like.sizes(), like.strides(), like.storage_offset());
  if (like.unsafeGetTensorImpl()->is_wrapped_number()) tensor.unsafeGetTensorImpl()->set_wrapped_number(true);
  return tensor;
}

namespace {

c10::StorageImpl* memory_of(const Tensor& tensor) { return tensor.storage().unsafeGetStorageImpl(); }

// The tensors of one operator, each with a CPU tensor over the same memory.
class Pairs {
 public:
  // The CPU tensor of an input; host tensors are used directly.
  Tensor host(const Tensor& tensor) {
    if (!tensor.defined()) return tensor;
    for (const auto& pair : pairs_) {
      if (pair.device.is_same(tensor)) return pair.host;
    }
    if (!tensor.is_cuda()) {
      pairs_.push_back({tensor, tensor});
      return tensor;
    }
    for (const auto& pair : pairs_) {
      if (memory_of(pair.device) == memory_of(tensor)) return add(tensor, pair.host.storage());
    }
    auto* memory = memory_of(tensor);
    c10::DataPtr pointer(memory->mutable_data_ptr().get(), c10::Device(c10::kCPU));
    const auto kind = c10::StorageImpl::use_byte_size_t();
    return add(tensor, c10::Storage(c10::make_intrusive<c10::StorageImpl>(kind, memory->nbytes(), std::move(pointer),
                                                                          c10::GetCPUAllocator(), true)));
  }

  // The device tensor of a result: an input itself, a view of one, or new memory.
  Tensor device(const Tensor& host, int index) {
    if (!host.defined() || !host.is_cpu()) return host;
    c10::Storage storage;
    for (const auto& pair : pairs_) {
      if (pair.host.is_same(host)) return pair.device;
      if (memory_of(pair.host) == memory_of(host)) storage = pair.device.storage();
    }
    if (!storage) {
      storage = adopted(host.storage(), index);
      if (is_capturing()) made_in_capture(storage);
    }
    auto tensor = tensor_over(std::move(storage), DispatchKey::CUDA, host);
    pairs_.push_back({tensor, host});
    return tensor;
  }

  // If the kernel gave an `out` tensor new memory or another shape, the device tensor follows.
  void settle() {
    for (const auto& pair : pairs_) {
      auto* to = memory_of(pair.device);
      const auto& from = pair.host.storage();
      if (from.data() != to->data() || from.nbytes() != to->nbytes()) {
        auto fresh = adopted(from, pair.device.get_device());
        to->set_data_ptr_noswap(std::move(fresh.unsafeGetStorageImpl()->mutable_data_ptr()));
        to->set_nbytes(fresh.nbytes());
      }
      const auto& host = pair.host;
      if (host.sizes() != pair.device.sizes() || host.strides() != pair.device.strides()) {
        pair.device.unsafeGetTensorImpl()->set_sizes_and_strides(host.sizes(), host.strides(), host.storage_offset());
      }
    }
  }

 private:
  struct Pair {
    Tensor device, host;
  };
  Tensor add(const Tensor& device, c10::Storage storage) {
    pairs_.push_back({device, tensor_over(std::move(storage), DispatchKey::CPU, device)});
    return pairs_.back().host;
  }
  std::vector<Pair> pairs_;
};

}  // namespace

std::vector<IValue> execute(const OperatorHandle& op, const std::vector<IValue>& inputs, int device) {
  // Operators called by a CPU kernel are not operators of the device.
  const at::DisableRecordFunctionGuard unseen;
  Pairs pairs;
  Stack stack;
  const auto& arguments = op.schema().arguments();
  for (size_t index = 0; index < inputs.size(); index++) {
    const auto& value = inputs[index];
    if (value.isDevice()) {
      stack.emplace_back(c10::Device(c10::kCPU));
    } else if (value.isNone() && arguments[index].type()->str().find("Generator") != std::string::npos) {
      stack.emplace_back(at::detail::getCUDAHooks().getDefaultGenerator(static_cast<c10::DeviceIndex>(device)));
    } else {
      stack.push_back(map_tensors(value, [&](const Tensor& tensor) { return pairs.host(tensor); }));
    }
  }
  op.redispatchBoxed(DispatchKeySet(DispatchKey::CPU), &stack);
  pairs.settle();
  std::vector<IValue> outputs;
  for (const auto& value : stack) {
    outputs.push_back(map_tensors(value, [&](const Tensor& tensor) { return pairs.device(tensor, device); }));
  }
  return outputs;
}

namespace {

// What the tensors of an operator say about where it runs.
struct Places {
  int device = -1;
  bool on_host = false;  // beyond a single number, which a kernel takes as an argument
};

Places places(const std::vector<IValue>& inputs) {
  Places seen;
  each_tensor(inputs, [&](const Tensor& tensor) {
    if (!tensor.is_cuda()) {
      seen.on_host |= tensor.dim() > 0;
      return;
    }
    const int device = tensor.get_device();
    TORCH_CHECK(seen.device < 0 || seen.device == device, "Expected all tensors to be on the same device, but found at ",
                "least two devices, cuda:", seen.device, " and cuda:", device, "!");
    seen.device = device;
  });
  return seen;
}

// Operators whose result has a size that only the device knows.
const std::set<std::string> kWaits{"aten::_local_scalar_dense", "aten::nonzero", "aten::masked_select", "aten::_unique2",
                                   "aten::unique_dim", "aten::equal"};
// Operators that accept tensors on both host and device.
const std::set<std::string> kMixed{"aten::copy_", "aten::index.Tensor", "aten::index_put_",
                                   "aten::set_.source_Storage_storage_offset"};

struct Charge {
  bool wait = false;
  int64_t uploaded_bytes = -1;
};

Charge charge(const std::string& name, const std::vector<IValue>& inputs) {
  Charge charge{kWaits.count(name) > 0};
  if (name == "aten::copy_") {
    const auto &to = inputs[0].toTensor(), &from = inputs[1].toTensor();
    if (to.numel() == 0) return charge;
    if (!from.is_cuda()) charge.uploaded_bytes = static_cast<int64_t>(from.nbytes());
    // Without blocking, the copy promises memory that the host can read later.
    charge.wait = !to.is_cuda() && !inputs[2].toBool();
  } else if (name.rfind("aten::index", 0) == 0) {
    each_tensor({inputs[1]}, [&](const Tensor& index) {
      if (!index.is_cuda() && index.dim() > 0) charge.uploaded_bytes = static_cast<int64_t>(index.nbytes());
      // A mask becomes a list of indices, whose length only the device knows.
      charge.wait |= index.scalar_type() == at::kBool || index.scalar_type() == at::kByte;
    });
  }
  return charge;
}

void count(const std::string& name, int device, const Charge& charge) {
  auto& all = state();
  const std::lock_guard<std::mutex> held(all.lock);
  const auto limit = all.settings.lose_after;
  TORCH_CHECK(limit < 0 || all.operators < limit, "CUDA error: unspecified launch failure (stand-in)");
  all.operators++;
  auto& counts = all.devices.at(device);
  counts.operators[name]++;
  if (charge.wait) counts.waits++;
  if (charge.uploaded_bytes >= 0) {
    counts.uploads++;
    counts.uploaded_bytes += charge.uploaded_bytes;
  }
}

void run(const OperatorHandle& op, DispatchKeySet, Stack* stack) {
  const auto& schema = op.schema();
  const auto name = schema.name() + (schema.overload_name().empty() ? "" : "." + schema.overload_name());
  const auto first = stack->end() - static_cast<int64_t>(schema.arguments().size());
  const std::vector<IValue> inputs(first, stack->end());
  const auto seen = places(inputs);
  const int device = seen.device < 0 ? current_device : seen.device;
  TORCH_CHECK(seen.device < 0 || !seen.on_host || kMixed.count(name), "Expected all tensors to be on the same device, ",
              "but found at least two devices, cuda:", seen.device, " and cpu! (when checking ", name, ")");
  const auto price = charge(name, inputs);
  if (is_capturing()) {
    TORCH_CHECK(!price.wait && price.uploaded_bytes < 0, "CUDA error: operation not permitted when stream is capturing: ",
                name, price.wait ? " waits for the device" : " reads the host's memory", " (stand-in)");
    TORCH_CHECK(name != state().settings.refuse, "CUDA error: operation not permitted when stream is capturing: ", name,
                " (stand-in)");
    before_captured(op, inputs);
  }
  count(name, device, price);
  const auto outputs = execute(op, inputs, device);
  if (is_capturing()) captured(op, inputs, outputs);
  stack->erase(first, stack->end());
  stack->insert(stack->end(), outputs.begin(), outputs.end());
}

// Makes a device current, for as long as it lives.
struct On {
  int before = current_device;
  explicit On(std::optional<c10::Device> device) {
    if (device && device->has_index()) current_device = device->index();
  }
  ~On() { current_device = before; }
};

Tensor noted(Tensor made) {
  if (is_capturing()) made_in_capture(made.storage());
  return made;
}

Tensor empty(c10::SymIntArrayRef size, std::optional<at::ScalarType> kind, std::optional<at::Layout>,
             std::optional<c10::Device> device, std::optional<bool>, std::optional<at::MemoryFormat> format) {
  const On on(device);
  const auto type = kind.value_or(at::get_default_dtype_as_scalartype());
  return noted(at::detail::empty_generic(C10_AS_INTARRAYREF_SLOW(size), &memory(), DispatchKeySet(DispatchKey::CUDA),
                                         type, format));
}

Tensor empty_strided(c10::SymIntArrayRef size, c10::SymIntArrayRef stride, std::optional<at::ScalarType> kind,
                     std::optional<at::Layout>, std::optional<c10::Device> device, std::optional<bool>) {
  const On on(device);
  const auto type = kind.value_or(at::get_default_dtype_as_scalartype());
  return noted(at::detail::empty_strided_generic(C10_AS_INTARRAYREF_SLOW(size), C10_AS_INTARRAYREF_SLOW(stride),
                                                 &memory(), DispatchKeySet(DispatchKey::CUDA), type));
}

// Attention operator by operator: 0 is `SDPBackend::math`.
int64_t choose_attention(const Tensor&, const Tensor&, const Tensor&, const std::optional<Tensor>&, double, bool,
                         std::optional<double>, bool) {
  return 0;
}

TORCH_LIBRARY_IMPL(_, CUDA, library) { library.fallback(torch::CppFunction::makeFromBoxedFunction<&run>()); }
TORCH_LIBRARY_IMPL(aten, CUDA, library) {
  library.impl("empty.memory_format", empty);
  library.impl("empty_strided", empty_strided);
  library.impl("_fused_sdp_choice", choose_attention);
}

// Where libtorch has one kernel for all backends besides the CPU's own, that kernel would run before the fallback: layer
// norm as batch norm, convolution by cuDNN, one addition per tensor for a `_foreach_`. CUDA has its own kernels there,
// so these are listed individually.
std::vector<c10::RegistrationHandleRAII> register_kernels() {
  static const std::set<std::string> named{"aten::copy_", "aten::_local_scalar_dense", "aten::convolution",
                                           "aten::convolution_backward"};
  auto& dispatcher = c10::Dispatcher::singleton();
  std::vector<c10::RegistrationHandleRAII> handles;
  for (const auto& name : dispatcher.getAllOpNames()) {
    const auto op = dispatcher.findOp(name);
    if (!op || name.name.rfind("aten::", 0) != 0 || op->hasKernelForDispatchKey(DispatchKey::CUDA)) continue;
    if (op->hasKernelForDispatchKey(DispatchKey::CPU) || named.count(name.name) > 0 ||
        name.name.rfind("aten::_foreach_", 0) == 0) {
      handles.push_back(dispatcher.registerImpl(name, DispatchKey::CUDA, c10::KernelFunction::makeFromBoxedFunction<&run>(),
                                                std::nullopt, nullptr, "stand-in"));
    }
  }
  return handles;
}

const auto kernels = register_kernels();

}  // namespace
}  // namespace standin
