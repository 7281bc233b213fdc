// The CUDA half of Freezewise: a shared object of its own, so that one binary serves machines with and without CUDA.
// It is loaded after libtorch_cuda.so and before libtorch is first asked for CUDA (src/native/cuda.rs).
//
// Every function catches what C++ throws: an exception must not cross into Rust.
#include <ATen/detail/CUDAHooksInterface.h>
#include <c10/cuda/CUDACachingAllocator.h>
#include <c10/cuda/CUDAException.h>
#include <cuda_runtime_api.h>
#include <torch/version.h>

#include <cstdint>
#include <cstring>

namespace {

constexpr size_t kTextSize = 256;

void copy_text(char* to, const char* from) {
  std::strncpy(to, from, kTextSize - 1);
  to[kTextSize - 1] = '\0';
}

}  // namespace

extern "C" {

struct freezewise_device {
  char name[kTextSize];
  uint64_t memory_bytes;
  int32_t major, minor;
  int64_t cudnn;
};

// The libtorch that the plugin was compiled for, such as 2.11.0.
const char* freezewise_torch_version() { return TORCH_VERSION; }

// Describes a device; 0, or 1 with the cause in `error` (kTextSize bytes).
int freezewise_device_facts(int index, freezewise_device* facts, char* error) {
  try {
    cudaDeviceProp properties;
    C10_CUDA_CHECK(cudaGetDeviceProperties(&properties, index));
    copy_text(facts->name, properties.name);
    facts->memory_bytes = properties.totalGlobalMem;
    facts->major = properties.major;
    facts->minor = properties.minor;
    const auto& hooks = at::detail::getCUDAHooks();
    facts->cudnn = hooks.compiledWithCuDNN() ? hooks.versionRuntimeCuDNN() : 0;
    return 0;
  } catch (const std::exception& exception) {
    copy_text(error, exception.what());
    return 1;
  }
}

// The most bytes that tensors have held on a device since the process started; 0 where that cannot be told.
uint64_t freezewise_peak_bytes(int index) {
  try {
    const auto stats = c10::cuda::CUDACachingAllocator::getDeviceStats(static_cast<c10::DeviceIndex>(index));
    return static_cast<uint64_t>(stats.allocated_bytes[static_cast<size_t>(c10::CachingAllocator::StatType::AGGREGATE)].peak);
  } catch (const std::exception&) {
    return 0;
  }
}

}  // extern "C"
