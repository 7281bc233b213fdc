// Memory that is not the host's: limited, NaN until first written, overwritten when freed.
#include <c10/core/CPUAllocator.h>

#include <algorithm>
#include <cstring>

#include "standin.h"

namespace standin {
namespace {

// PyTorch's allocator allocates and counts memory in blocks of this size.
constexpr size_t kBlock = 512;
size_t in_blocks(size_t bytes) { return (bytes + kBlock - 1) / kBlock * kBlock; }

// All bits set is NaN in every float type; the other value is a large meaningless number.
constexpr int kUnwritten = 0xFF, kFreed = 0xFB;

void take(int device, size_t bytes) {
  auto& all = state();
  const std::lock_guard<std::mutex> held(all.lock);
  auto& counts = all.devices.at(device);
  const auto wanted = in_blocks(bytes);
  const auto others = held_by_others(device, counts.held + counts.cached);
  const auto limit = all.settings.memory - std::min(others, all.settings.memory);
  if (!is_capturing()) {
    // Reuses freed memory first, and releases it if the device has no other.
    counts.cached -= std::min(counts.cached, wanted);
    if (counts.held + counts.cached + wanted > limit) counts.cached = 0;
  }
  // Not within a capture, where the graph's memory is in a pool of its own.
  TORCH_CHECK_WITH(OutOfMemoryError, counts.held + counts.cached + wanted <= limit, "CUDA out of memory. Tried to allocate ",
                   bytes, " bytes. GPU ", device, " has a total capacity of ", all.settings.memory, " bytes of which ",
                   limit - std::min(limit, counts.held), " bytes are free. (stand-in)");
  counts.held += wanted;
  held_by_others(device, counts.held + counts.cached);
  counts.peak = std::max(counts.peak, counts.held);
}

void give_back(int device, size_t bytes) {
  auto& all = state();
  const std::lock_guard<std::mutex> held(all.lock);
  auto& counts = all.devices.at(device);
  counts.held -= in_blocks(bytes);
  counts.cached += in_blocks(bytes);
}

struct Block {
  c10::DataPtr host;
  size_t bytes;
  int device;
};

void free_block(void* context) {
  auto* block = static_cast<Block*>(context);
  if (block->bytes > 0) std::memset(block->host.get(), kFreed, block->bytes);
  give_back(block->device, block->bytes);
  delete block;
}

struct Memory final : c10::Allocator {
  c10::DataPtr allocate(size_t bytes) override {
    const int device = current_device;
    take(device, bytes);
    auto host = c10::GetCPUAllocator()->allocate(bytes);
    if (bytes > 0) std::memset(host.get(), kUnwritten, bytes);
    void* place = host.get();
    return {place, new Block{std::move(host), bytes, device}, &free_block, c10::Device(c10::kCUDA, device)};
  }
  void copy_data(void* to, const void* from, size_t bytes) const override { std::memcpy(to, from, bytes); }
};

struct Adopted {
  c10::Storage host;
  size_t bytes;
  int device;
};

void free_adopted(void* context) {
  auto* block = static_cast<Adopted*>(context);
  if (block->bytes > 0) std::memset(block->host.mutable_data(), kFreed, block->bytes);
  give_back(block->device, block->bytes);
  delete block;
}

}  // namespace

c10::Allocator& memory() {
  static Memory memory;
  return memory;
}

namespace {
const c10::AllocatorRegisterer<c10::kCUDA> registered{&memory()};
}

c10::Storage adopted(c10::Storage host, int device) {
  const size_t bytes = host.nbytes();
  take(device, bytes);
  void* place = host.mutable_data();
  c10::DataPtr pointer(place, new Adopted{std::move(host), bytes, device}, &free_adopted,
                       c10::Device(c10::kCUDA, device));
  const auto kind = c10::StorageImpl::use_byte_size_t();
  return c10::Storage(c10::make_intrusive<c10::StorageImpl>(kind, bytes, std::move(pointer), &memory(), true));
}

void release_cached() {
  auto& all = state();
  const std::lock_guard<std::mutex> held(all.lock);
  for (size_t device = 0; device < all.devices.size(); device++) {
    auto& counts = all.devices[device];
    counts.cached = 0;
    held_by_others(static_cast<int>(device), counts.held);
  }
}

void overwrite(const c10::Storage& storage) {
  if (storage.nbytes() > 0) std::memset(const_cast<void*>(storage.data()), kUnwritten, storage.nbytes());
}

}  // namespace standin
