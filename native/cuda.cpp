// The CUDA plugin of Freezewise: a separate shared object, so that one binary works on machines with and without CUDA.
// It is loaded after libtorch_cuda.so and before libtorch is first asked about CUDA (src/native/cuda.rs).
#include <ATen/Context.h>
#include <ATen/core/CachingHostAllocator.h>
#include <ATen/cuda/CUDAGeneratorImpl.h>
#include <ATen/cuda/CUDAGraph.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <c10/cuda/CUDACachingAllocator.h>
#include <c10/cuda/CUDAException.h>
#include <c10/cuda/CUDAFunctions.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>
#include <cuda_runtime_api.h>
#include <torch/version.h>

#include "plugin.h"

namespace {

// Runs something that may fail without stopping what comes after it.
template <class Work>
bool succeeds(Work&& work) {
  try {
    work();
    return true;
  } catch (const std::exception&) {
    return false;
  }
}

// A graph whose capture can be abandoned. In libtorch 2.11, an aborted capture leaves three things behind, each of
// which breaks later work: a stream that is still capturing; allocators that still send its memory to the graph's pool
// (through a filter that reads the freed graph); and generators that believe they are in a graph, so that dropout
// outside of one fails ("Offset increment outside graph capture").
struct Recording : at::cuda::CUDAGraph {
  void give_up() {
    if (capture_ended_) return;
    cudaStreamCaptureStatus status = cudaStreamCaptureStatusNone;
    cudaGraph_t begun = nullptr;
    if (cudaStreamIsCapturing(capture_stream_, &status) == cudaSuccess && status != cudaStreamCaptureStatusNone) {
      // An aborted capture is expected to return an error; the stream is released either way.
      cudaStreamEndCapture(capture_stream_, &begun);
      if (begun != nullptr) cudaGraphDestroy(begun);
    }
    // Clears the last error, which would be attributed to the next kernel.
    cudaGetLastError();
    if (succeeds([&] { c10::cuda::CUDACachingAllocator::endAllocateToPool(capture_dev_, mempool_id_); })) {
      succeeds([&] { c10::cuda::CUDACachingAllocator::releasePool(capture_dev_, mempool_id_); });
    }
    auto* host = at::getHostAllocator(at::kCUDA);
    if (succeeds([&] { host->end_allocate_to_pool(mempool_id_); })) {
      succeeds([&] { host->release_pool(mempool_id_); });
    }
    for (auto& [state, increment] : captured_generator_states_) state->capturing_ = false;
  }
};

}  // namespace

struct freezewise_graph {
  Recording graph;
};

namespace {

using c10::cuda::CUDACachingAllocator::getDeviceStats;

uint64_t bytes(const c10::CachingDeviceAllocator::Stat& stat, bool peak) {
  return static_cast<uint64_t>(peak ? stat.peak : stat.current);
}

c10::DeviceIndex index_of(int device) { return static_cast<c10::DeviceIndex>(device); }

constexpr auto kAll = static_cast<size_t>(c10::CachingAllocator::StatType::AGGREGATE);

}  // namespace

extern "C" {

const char* freezewise_torch_version() { return TORCH_VERSION; }

int freezewise_cuda_version() { return CUDART_VERSION; }

int freezewise_device_facts(int device, freezewise_device* facts, char* error) {
  return caught(error, [&] {
    cudaDeviceProp properties;
    C10_CUDA_CHECK(cudaGetDeviceProperties(&properties, device));
    copy_text(facts->name, properties.name);
    facts->memory_bytes = properties.totalGlobalMem;
    facts->major = properties.major;
    facts->minor = properties.minor;
    const auto& hooks = at::detail::getCUDAHooks();
    facts->stand_in = 0;
    facts->cudnn = hooks.compiledWithCuDNN() ? hooks.versionRuntimeCuDNN() : 0;
  });
}

int freezewise_device_memory(int device, freezewise_memory* memory, char* error) {
  return caught(error, [&] {
    const auto stats = getDeviceStats(index_of(device));
    memory->held = bytes(stats.allocated_bytes[kAll], false);
    memory->peak = bytes(stats.allocated_bytes[kAll], true);
    memory->reserved = bytes(stats.reserved_bytes[kAll], false);
    const c10::cuda::CUDAGuard guard(index_of(device));
    size_t free = 0, total = 0;
    C10_CUDA_CHECK(cudaMemGetInfo(&free, &total));
    // Memory that is reserved but not in use is available without asking the device.
    memory->free = free + (memory->reserved - memory->held);
  });
}

int freezewise_empty_cache(char* error) {
  return caught(error, [&] { c10::cuda::CUDACachingAllocator::emptyCache(); });
}

int freezewise_use_stream(int device, char* error) {
  return caught(error, [&] {
    // A capture belongs to the current device's stream.
    c10::cuda::set_device(index_of(device));
    c10::cuda::device_synchronize();
    c10::cuda::setCurrentCUDAStream(c10::cuda::getStreamFromPool(false, index_of(device)));
  });
}

int freezewise_synchronize(int device, char* error) {
  return caught(error, [&] {
    const c10::cuda::CUDAGuard guard(index_of(device));
    c10::cuda::device_synchronize();
  });
}

int freezewise_new_pool(uint64_t* pool, char* error) {
  return caught(error, [&] {
    const auto handle = at::cuda::graph_pool_handle();
    pool[0] = handle.first;
    pool[1] = handle.second;
  });
}

int freezewise_capture_begin(freezewise_graph** graph, const uint64_t* pool, char* error) {
  return caught(error, [&] {
    // Owned by the caller from here on, so that a capture that starts and then fails is also abandoned.
    *graph = new freezewise_graph;
    // Dropout draws from this generator; once registered, it draws new numbers in each replay. `capture_begin`
    // registers it.
    (*graph)->graph.capture_begin({pool[0], pool[1]});
  });
}

int freezewise_capture_end(freezewise_graph* graph, char* error) {
  return caught(error, [&] { graph->graph.capture_end(); });
}

int freezewise_replay(freezewise_graph* graph, char* error) {
  return caught(error, [&] { graph->graph.replay(); });
}

void freezewise_drop_graph(freezewise_graph* graph) {
  graph->graph.give_up();
  succeeds([&] { delete graph; });
}

}  // extern "C"
