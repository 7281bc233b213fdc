// The C interface of ../plugin.h for the stand-in's devices.
#include "../plugin.h"

#include <ATen/Context.h>
#include <torch/version.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "graph.h"
#include "standin.h"

struct freezewise_graph {
  standin::Graph* graph;
};

namespace standin {
namespace {

std::string counts_of(const Counts& counts) {
  std::ostringstream text;
  text << "{\"held\":" << counts.held << ",\"peak\":" << counts.peak << ",\"waits\":" << counts.waits
       << ",\"uploads\":" << counts.uploads << ",\"uploaded_bytes\":" << counts.uploaded_bytes
       << ",\"captures\":" << counts.captures << ",\"pools\":" << counts.pools << ",\"replays\":" << counts.replays << ",\"operators\":{";
  const char* comma = "";
  for (const auto& [name, times] : counts.operators) {
    text << comma << '"' << name << "\":" << times;
    comma = ",";
  }
  text << "}}";
  return text.str();
}

void on_device(int device) {
  TORCH_CHECK(device >= 0 && device < state().settings.devices, "CUDA error: invalid device ordinal (stand-in)");
}

// Copies the flags, which cannot be queried any more at exit.
void look_at_settings() {
  const auto& context = at::globalContext();
  state().tf32 = context.allowTF32CuBLAS() && context.allowTF32CuDNN();
  state().deterministic = context.deterministicAlgorithms();
}

// Runs at the very end, when all memory that is ever released has been.
struct AtTheEnd {
  ~AtTheEnd() { report("end"); }
} at_the_end;

}  // namespace

void report(const char* occasion) {
  auto& all = state();
  const std::lock_guard<std::mutex> held(all.lock);
  if (all.settings.report.empty()) return;
  std::ofstream file(all.settings.report, std::ios::app);
  file << std::boolalpha << "{\"occasion\":\"" << occasion << "\",\"operators\":" << all.operators
       << ",\"tf32\":" << all.tf32 << ",\"deterministic\":" << all.deterministic << ",\"devices\":[";
  for (size_t index = 0; index < all.devices.size(); index++) file << (index > 0 ? "," : "") << counts_of(all.devices[index]);
  file << "]}\n";
}

}  // namespace standin

extern "C" {

const char* freezewise_torch_version() { return TORCH_VERSION; }

int freezewise_cuda_version() { return 0; }

int freezewise_device_facts(int device, freezewise_device* facts, char* error) {
  return caught(error, [&] {
    standin::on_device(device);
    copy_text(facts->name, "stand-in");
    facts->memory_bytes = standin::state().settings.memory;
    // Compute capability of the first generation with bf16.
    facts->major = 8;
    facts->minor = 0;
    facts->cudnn = 0;
    facts->stand_in = 1;
  });
}

int freezewise_device_memory(int device, freezewise_memory* memory, char* error) {
  return caught(error, [&] {
    standin::on_device(device);
    standin::look_at_settings();
    standin::report("memory");
    auto& all = standin::state();
    const std::lock_guard<std::mutex> held(all.lock);
    const auto& counts = all.devices.at(device);
    const auto taken = counts.held + standin::held_by_others(device, counts.held + counts.cached);
    *memory = {counts.held, counts.peak, counts.held + counts.cached, all.settings.memory - std::min(taken, all.settings.memory)};
  });
}

int freezewise_empty_cache(char* error) {
  return caught(error, [&] {
    TORCH_CHECK(!standin::is_capturing(), "CUDA error: operation not permitted when stream is capturing (stand-in)");
    standin::release_cached();
  });
}

int freezewise_use_stream(int device, char* error) {
  return caught(error, [&] {
    standin::on_device(device);
    standin::current_device = device;
    standin::own_stream = true;
  });
}

int freezewise_synchronize(int device, char* error) {
  return caught(error, [&] {
    standin::on_device(device);
    TORCH_CHECK(!standin::is_capturing(), "CUDA error: operation not permitted when stream is capturing (stand-in)");
    const std::lock_guard<std::mutex> held(standin::state().lock);
    standin::state().devices.at(device).waits++;
  });
}

int freezewise_new_pool(uint64_t* pool, char* error) {
  return caught(error, [&] {
    pool[0] = 0;
    pool[1] = standin::new_pool();
  });
}

int freezewise_capture_begin(freezewise_graph** graph, const uint64_t* pool, char* error) {
  return caught(error, [&] { *graph = new freezewise_graph{standin::begin_capture(pool[1])}; });
}

int freezewise_capture_end(freezewise_graph* graph, char* error) {
  return caught(error, [&] { standin::end_capture(graph->graph); });
}

int freezewise_replay(freezewise_graph* graph, char* error) {
  return caught(error, [&] { standin::replay(*graph->graph); });
}

void freezewise_drop_graph(freezewise_graph* graph) {
  standin::drop(graph->graph);
  delete graph;
}

}  // extern "C"
