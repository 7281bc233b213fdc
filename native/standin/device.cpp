// The devices as libtorch sees them: each has one stream, which is always idle, and a generator.
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <c10/core/CPUAllocator.h>
#include <c10/core/impl/DeviceGuardImplInterface.h>

#include <cstdlib>
#include <sstream>
#include <utility>

#include "standin.h"

namespace standin {

State::State() {
  const char* text = std::getenv("FREEZEWISE_STANDIN");
  std::istringstream list(text == nullptr ? "" : text);
  for (std::string entry; std::getline(list, entry, ',');) {
    const auto equals = entry.find('=');
    TORCH_CHECK(equals != std::string::npos, "FREEZEWISE_STANDIN has `", entry, "`, which is not name=value");
    const auto name = entry.substr(0, equals), value = entry.substr(equals + 1);
    if (name == "devices") settings.devices = std::stoi(value);
    else if (name == "memory") settings.memory = std::stoull(value);
    else if (name == "lose_after") settings.lose_after = std::stoll(value);
    else if (name == "report") settings.report = value;
    else if (name == "refuse") settings.refuse = value;
    else if (name == "share") settings.share = value;
    else TORCH_CHECK(false, "FREEZEWISE_STANDIN: expected devices, memory, lose_after, refuse, report or share, found `", name, "`");
  }
  devices.resize(settings.devices);
}

State& state() {
  // Never destroyed, because objects that outlive main release memory.
  static State* state = new State();
  return *state;
}

namespace {

int device_count() { return state().settings.devices; }

void wait(int device) {
  TORCH_CHECK(!is_capturing(), "CUDA error: operation not permitted when stream is capturing: a wait (stand-in)");
  const std::lock_guard<std::mutex> held(state().lock);
  state().devices.at(device).waits++;
}

struct Guard final : c10::impl::DeviceGuardImplInterface {
  static constexpr c10::DeviceType static_type = c10::kCUDA;
  Guard() = default;
  explicit Guard(c10::DeviceType) {}
  c10::DeviceType type() const override { return c10::kCUDA; }
  c10::Device exchangeDevice(c10::Device device) const override {
    return {c10::kCUDA, static_cast<c10::DeviceIndex>(std::exchange(current_device, device.index()))};
  }
  c10::Device getDevice() const override { return {c10::kCUDA, static_cast<c10::DeviceIndex>(current_device)}; }
  void setDevice(c10::Device device) const override { current_device = device.index(); }
  void uncheckedSetDevice(c10::Device device) const noexcept override { current_device = device.index(); }
  c10::Stream getStream(c10::Device device) const override { return stream(device); }
  c10::Stream getDefaultStream(c10::Device device) const override { return stream(device); }
  c10::Stream getStreamFromGlobalPool(c10::Device device, bool) const override { return stream(device); }
  c10::Stream getNewStream(c10::Device device, int) const override { return stream(device); }
  c10::Stream exchangeStream(c10::Stream stream) const override { return stream; }
  void destroyEvent(void*, const c10::DeviceIndex) const noexcept override {}
  void record(void**, const c10::Stream&, const c10::DeviceIndex, const c10::EventFlag) const override {}
  void block(void*, const c10::Stream&) const override {}
  bool queryEvent(void*) const override { return true; }
  bool queryStream(const c10::Stream&) const override { return true; }
  void synchronizeStream(const c10::Stream& stream) const override { wait(stream.device_index()); }
  void synchronizeEvent(void*) const override { wait(current_device); }
  void recordDataPtrOnStream(const c10::DataPtr&, const c10::Stream&) const override {}
  c10::DeviceIndex deviceCount() const noexcept override { return static_cast<c10::DeviceIndex>(device_count()); }

 private:
  static c10::Stream stream(c10::Device device) { return c10::Stream(c10::Stream::DEFAULT, device); }
};
C10_REGISTER_GUARD_IMPL(CUDA, Guard)

}  // namespace
}  // namespace standin

namespace at {

// libtorch creates it by exactly this name, once, when first asked about CUDA.
struct CUDAHooks final : CUDAHooksInterface {
  explicit CUDAHooks(CUDAHooksArgs) {}
  void init() const override {}
  bool isBuilt() const override { return true; }
  bool isAvailable() const override { return standin::device_count() > 0; }
  bool hasCUDA() const override { return standin::device_count() > 0; }
  bool hasCUDART() const override { return true; }
  bool hasPrimaryContext(DeviceIndex) const override { return true; }
  int getNumGPUs() const override { return standin::device_count(); }
  DeviceIndex deviceCount() const override { return static_cast<DeviceIndex>(standin::device_count()); }
  DeviceIndex current_device() const override { return getCurrentDevice(); }
  DeviceIndex getCurrentDevice() const override { return static_cast<DeviceIndex>(standin::current_device); }
  void setCurrentDevice(DeviceIndex device) const override { standin::current_device = device; }
  DeviceIndex exchangeDevice(DeviceIndex device) const override {
    return static_cast<DeviceIndex>(std::exchange(standin::current_device, device));
  }
  DeviceIndex maybeExchangeDevice(DeviceIndex device) const override {
    return device < 0 ? getCurrentDevice() : exchangeDevice(device);
  }
  Device getDeviceFromPtr(void*) const override { return {kCUDA, getCurrentDevice()}; }
  bool isPinnedPtr(const void*) const override { return false; }
  Allocator* getPinnedMemoryAllocator() const override { return c10::GetCPUAllocator(); }
  Allocator* getCUDADeviceAllocator() const override { return &standin::memory(); }
  void deviceSynchronize(DeviceIndex device) const override { standin::wait(device); }
  std::string showConfig() const override { return "stand-in"; }
  const Generator& getDefaultGenerator(DeviceIndex device) const override {
    static const std::vector<Generator> generators = [] {
      std::vector<Generator> made(standin::device_count());
      for (auto& generator : made) generator = at::detail::createCPUGenerator();
      return made;
    }();
    return generators.at(device < 0 ? standin::current_device : device);
  }
  Generator getNewGenerator(DeviceIndex) const override { return at::detail::createCPUGenerator(); }
};
REGISTER_CUDA_HOOKS(CUDAHooks)

}  // namespace at
