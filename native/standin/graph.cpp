// Graphs: captured device work, replayed.
//
// On a GPU, a capture does no work. Here it must, because later operators need the shapes of earlier results; so what
// it overwrites is restored at its end, and what it creates is NaN until a replay fills it. Like on a GPU, a replay
// uses memory addresses: using memory freed since is an error, and moved tensors are not followed.
#include "graph.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/core/Generator.h>
#include <ATen/core/grad_mode.h>
#include <ATen/detail/CUDAHooksInterface.h>

#include <cstring>
#include <memory>
#include <set>

#include "standin.h"

namespace standin {
namespace {

// Shape, strides and type of a tensor, without its memory.
Tensor outline(const Tensor& tensor) {
  const auto kind = c10::StorageImpl::use_byte_size_t();
  c10::DataPtr nowhere(nullptr, c10::Device(c10::kMeta));
  auto storage = c10::make_intrusive<c10::StorageImpl>(kind, 0, std::move(nowhere), nullptr, false);
  return tensor_over(c10::Storage(std::move(storage)), c10::DispatchKey::Meta, tensor);
}

// A tensor as a graph stores it. The graph owns memory that was created in the capture, and no other.
class Place {
 public:
  Place(const Tensor& tensor, bool ours)
      : outline_(outline(tensor)), memory_(tensor.storage().getWeakStorageImpl()), data_(tensor.storage().data()) {
    if (ours) own_ = tensor.storage();
  }

  Tensor tensor() const {
    auto memory = memory_.lock();
    TORCH_CHECK(memory && memory->data() == data_, "CUDA error: an illegal memory access was encountered: a graph is ",
                "replayed whose memory was freed (stand-in)");
    return tensor_over(c10::Storage(std::move(memory)), c10::DispatchKey::CUDA, outline_);
  }

 private:
  Tensor outline_;
  c10::weak_intrusive_ptr<c10::StorageImpl> memory_;
  const void* data_;
  c10::Storage own_;
};

Tensor copied(const Tensor& number) {
  auto copy = number.clone();
  copy.unsafeGetTensorImpl()->set_wrapped_number(number.unsafeGetTensorImpl()->is_wrapped_number());
  return copy;
}

// A list of values, with device tensors by address and single host numbers by value.
class Values {
 public:
  template <class IsOurs>
  Values(const std::vector<IValue>& values, IsOurs is_ours) {
    for (const auto& value : values) {
      values_.push_back(map_tensors(value, [&](const Tensor& tensor) {
        if (!tensor.defined()) return tensor;
        if (!tensor.is_cuda()) return copied(tensor);
        places_.emplace_back(tensor, is_ours(tensor.storage()));
        return outline(tensor);
      }));
    }
  }

  std::vector<IValue> now() const {
    std::vector<IValue> values;
    auto place = places_.begin();
    for (const auto& value : values_) {
      values.push_back(map_tensors(value, [&](const Tensor& tensor) {
        return tensor.defined() && tensor.is_meta() ? (place++)->tensor() : tensor;
      }));
    }
    return values;
  }

 private:
  std::vector<IValue> values_;
  std::vector<Place> places_;
};

struct Step {
  OperatorHandle op;
  Values inputs, outputs;
};

// Memory that existed before a capture and is written in it.
struct Before {
  c10::Storage storage;
  std::vector<char> bytes;
};

// State of a generator before a capture.
struct Draws {
  at::Generator generator;
  Tensor state;
};

// The device's generator, and the CPU's: kernels without a generator argument, such as dropout, draw from the latter.
std::vector<Draws> draws_of(int device) {
  const auto& own = at::detail::getCUDAHooks().getDefaultGenerator(static_cast<c10::DeviceIndex>(device));
  std::vector<Draws> draws;
  for (const auto& generator : {own, at::detail::getDefaultCPUGenerator()}) {
    draws.push_back({generator, generator.get_state()});
  }
  return draws;
}

}  // namespace

struct Graph {
  int device = 0;
  std::shared_ptr<char> pool;
  std::vector<Step> steps;
  std::set<const void*> made;
  std::vector<c10::Storage> memory;
  std::vector<Before> overwritten;
  std::vector<Draws> draws;
};

namespace {

// By number, from 1. Keeps those alive that no graph has used yet.
std::vector<std::weak_ptr<char>> pools;
std::vector<std::shared_ptr<char>> fresh_pools;

// At most one graph is captured at a time, on any thread: a backward pass has its own threads.
Graph* capturing = nullptr;

// Whether an operator may write to an argument; batch norm's schema does not mention its running statistics.
bool may_write(const c10::Argument& argument) {
  const auto* alias = argument.alias_info();
  return (alias != nullptr && alias->isWrite()) || argument.name().rfind("running_", 0) == 0;
}

bool is_made(const c10::Storage& storage) { return capturing->made.count(storage.unsafeGetStorageImpl()) > 0; }

void put_back(const Graph& graph) {
  for (const auto& before : graph.overwritten) {
    std::memcpy(before.storage.mutable_data(), before.bytes.data(), before.bytes.size());
  }
  for (auto draws : graph.draws) draws.generator.set_state(draws.state);
}

// Copies a new result to the graph's own memory.
void fill(const Tensor& place, const Tensor& fresh) {
  if (!place.defined() || place.storage().data() == fresh.storage().data()) return;
  // Both have the same contiguous layout, since the same kernel created them.
  TORCH_CHECK(place.storage().nbytes() == fresh.storage().nbytes(), "a replay gave another size (stand-in)");
  std::memcpy(place.storage().mutable_data(), fresh.storage().data(), fresh.storage().nbytes());
}

}  // namespace

bool is_capturing() { return capturing != nullptr; }

void made_in_capture(const c10::Storage& storage) {
  capturing->made.insert(storage.unsafeGetStorageImpl());
  capturing->memory.push_back(storage);
}

void before_captured(const OperatorHandle& op, const std::vector<IValue>& inputs) {
  const auto& arguments = op.schema().arguments();
  for (size_t index = 0; index < inputs.size(); index++) {
    if (!may_write(arguments[index])) continue;
    each_tensor({inputs[index]}, [&](const Tensor& tensor) {
      const auto& storage = tensor.storage();
      if (!tensor.is_cuda() || is_made(storage)) return;
      for (const auto& before : capturing->overwritten) {
        if (before.storage.is_alias_of(storage)) return;
      }
      const auto* bytes = static_cast<const char*>(storage.data());
      capturing->overwritten.push_back({storage, std::vector<char>(bytes, bytes + storage.nbytes())});
    });
  }
}

void captured(const OperatorHandle& op, const std::vector<IValue>& inputs, const std::vector<IValue>& outputs) {
  capturing->steps.push_back({op, Values(inputs, is_made), Values(outputs, is_made)});
}

uint64_t new_pool() {
  const std::lock_guard<std::mutex> held(state().lock);
  state().devices.at(current_device).pools++;
  fresh_pools.push_back(std::make_shared<char>());
  pools.push_back(fresh_pools.back());
  return pools.size();
}

Graph* begin_capture(uint64_t pool) {
  TORCH_CHECK(own_stream, "CUDA error: operation not permitted on the default stream: a capture (stand-in)");
  TORCH_CHECK(!capturing, "CUDA error: a capture is under way (stand-in)");
  auto graph = std::make_unique<Graph>();
  TORCH_CHECK(pool > 0 && pool <= pools.size(), "a capture into a pool that nobody made (stand-in)");
  graph->device = current_device;
  graph->pool = pools[pool - 1].lock();
  TORCH_CHECK(graph->pool, "INTERNAL ASSERT FAILED: a pool is used after its last graph (stand-in)");
  // From here on it lives as long as its graphs.
  fresh_pools.clear();
  graph->draws = draws_of(current_device);
  return capturing = graph.release();
}

void end_capture(Graph* graph) {
  TORCH_CHECK(capturing == graph, "CUDA error: no capture is under way (stand-in)");
  put_back(*graph);
  graph->overwritten.clear();
  graph->draws.clear();
  for (const auto& storage : graph->memory) overwrite(storage);
  capturing = nullptr;
  const std::lock_guard<std::mutex> held(state().lock);
  state().devices.at(graph->device).captures++;
}

void replay(const Graph& graph) {
  const at::NoGradGuard no_gradient;
  {
    auto& all = state();
    const std::lock_guard<std::mutex> held(all.lock);
    const auto limit = all.settings.lose_after;
    all.operators += static_cast<int64_t>(graph.steps.size());
    TORCH_CHECK(limit < 0 || all.operators < limit, "CUDA error: unspecified launch failure (stand-in)");
    all.devices.at(graph.device).replays++;
  }
  for (const auto& step : graph.steps) {
    const auto fresh = execute(step.op, step.inputs.now(), graph.device);
    std::vector<Tensor> places, values;
    each_tensor(step.outputs.now(), [&](const Tensor& tensor) { places.push_back(tensor); });
    each_tensor(fresh, [&](const Tensor& tensor) { values.push_back(tensor); });
    for (size_t index = 0; index < places.size(); index++) fill(places[index], values[index]);
  }
}

void drop(Graph* graph) {
  if (capturing == graph) {
    put_back(*graph);
    capturing = nullptr;
  }
  delete graph;
}

}  // namespace standin
