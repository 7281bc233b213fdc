// A stand-in for CUDA, for tests only: it has the C interface of ../plugin.h, but its devices compute with libtorch's
// CPU kernels. Every operator on a `cuda:N` tensor comes here: what CUDA rejects is rejected (mixed devices, a
// synchronisation or upload during a capture, out of memory, anything on a lost device), and what costs time on CUDA is
// counted. Its counts are those of a GPU; its timings are not.
//
// It is configured by the variable FREEZEWISE_STANDIN, a list such as
// `devices=2,memory=64000000,lose_after=5000,report=FILE`: the number of devices, the bytes of each, the number of
// operators after which they are lost, and a file that gets a line of JSON with the counts of every device whenever a
// device's memory is queried, and at exit. `refuse=aten::mul.Tensor` names an operator that cannot be captured.
// Processes with the same `share=FILE` share the memory of each device, as on a GPU; the first number in the file is the
// largest number of processes that held memory at the same time.
#pragma once

#include <ATen/core/Tensor.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <c10/core/Allocator.h>
#include <c10/core/Device.h>

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace standin {

using at::Tensor;
using c10::IValue;
using c10::OperatorHandle;

// State of one device.
struct Counts {
  std::map<std::string, int64_t> operators;
  int64_t waits = 0, uploads = 0, uploaded_bytes = 0, captures = 0, replays = 0, pools = 0;
  // `cached` is memory that was freed but not released to the device.
  size_t held = 0, peak = 0, cached = 0;
};

struct Settings {
  int devices = 1;
  size_t memory = size_t{8} << 30;
  int64_t lose_after = -1;  // operators of all devices together; below 0: never
  std::string refuse;       // an operator that cannot be captured
  std::string report;
  std::string share;  // where processes note what they hold
};

// The whole state of the stand-in; hold `lock` to read or write it.
struct State {
  std::mutex lock;
  Settings settings;
  std::vector<Counts> devices;
  int64_t operators = 0;
  // Flags set in libtorch when a device's memory was last queried.
  bool tf32 = false, deterministic = false;
  State();
};
State& state();

// The device to which this thread submits work when no tensor determines it, and whether to a stream of its own.
inline thread_local int current_device = 0;
inline thread_local bool own_stream = false;

// memory.cpp
c10::Allocator& memory();
// Converts the memory of a CPU kernel's result to device memory, which counts as the device's from here on.
c10::Storage adopted(c10::Storage host, int device);
// Releases the freed memory of all devices.
void release_cached();
void overwrite(const c10::Storage& storage);

// ledger.cpp
// Bytes of a device that other processes hold, and records that this one holds `own`; 0 without a shared file.
size_t held_by_others(int device, size_t own);

// operators.cpp
// Runs an operator on the CPU over the same memory. Outputs are on the device; those that are inputs are the inputs
// themselves.
std::vector<IValue> execute(const OperatorHandle& op, const std::vector<IValue>& inputs, int device);
Tensor tensor_over(c10::Storage storage, c10::DispatchKey key, const Tensor& like);

// Transforms every tensor in a value; a tensor list stays a list.
template <class Change>
IValue map_tensors(const IValue& value, Change change) {
  if (value.isTensor()) return IValue(change(value.toTensor()));
  if (value.isTensorList()) {
    c10::List<Tensor> list;
    for (const Tensor& tensor : value.toTensorVector()) list.push_back(change(tensor));
    return list;
  }
  if (value.isOptionalTensorList()) {
    c10::List<std::optional<Tensor>> list;
    for (const std::optional<Tensor>& tensor : value.toOptionalTensorVector()) {
      list.push_back(tensor ? std::optional<Tensor>(change(*tensor)) : std::nullopt);
    }
    return list;
  }
  return value;
}
template <class Look>
void each_tensor(const std::vector<IValue>& values, Look look) {
  for (const auto& value : values) {
    map_tensors(value, [&](const Tensor& tensor) {
      if (tensor.defined()) look(tensor);
      return tensor;
    });
  }
}

// graph.cpp
struct Graph;
bool is_capturing();
// Before an operator runs in a capture, saves what it may overwrite; afterwards, records the operator.
void before_captured(const OperatorHandle& op, const std::vector<IValue>& inputs);
void captured(const OperatorHandle& op, const std::vector<IValue>& inputs, const std::vector<IValue>& outputs);
void made_in_capture(const c10::Storage& storage);

// report.cpp
// Writes a line of counts, if a file is configured.
void report(const char* occasion);

}  // namespace standin
