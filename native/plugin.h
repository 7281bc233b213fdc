// The C interface of a plugin for CUDA: what src/native/cuda.rs and graph.rs load by name.
//
// Where a function can fail it returns 0, or 1 with the cause in `error` (kTextSize bytes).
#pragma once

#include <cstdint>

#include "text.h"

extern "C" {

struct freezewise_device {
  char name[kTextSize];
  uint64_t memory_bytes;
  int32_t major, minor;
  int64_t cudnn;
  int32_t stand_in;  // 1 where it is no GPU, but tests play one
};

struct freezewise_memory {
  uint64_t held;      // by tensors, now
  uint64_t peak;      // by tensors, the most since the start or the last reset
  uint64_t reserved;  // taken from the device, by tensors or for them
  uint64_t free;      // what the device could still give
};

struct freezewise_graph;

// The libtorch that the plugin was compiled for, such as 2.11.0.
const char* freezewise_torch_version();
int freezewise_device_facts(int device, freezewise_device* facts, char* error);

int freezewise_device_memory(int device, freezewise_memory* memory, char* error);
int freezewise_reset_peak(int device, char* error);
// Gives memory that no tensor holds back to the device.
int freezewise_empty_cache(char* error);

// Makes a device the current one of this thread, and a stream that is not its default; what was handed to that comes first.
int freezewise_use_stream(int device, char* error);
// Waits for all of a device's work.
int freezewise_synchronize(int device, char* error);

// Names a pool of memory, two numbers, that graphs can share which replay one after another. It lives as long as a graph
// that was captured with it, and cannot be used again after that.
int freezewise_new_pool(uint64_t* pool, char* error);
// Starts to capture what this thread hands to the device, on the current stream, which is not the default.
int freezewise_capture_begin(freezewise_graph** graph, const uint64_t* pool, char* error);
// Ends it; the graph can be replayed from here on.
int freezewise_capture_end(freezewise_graph* graph, char* error);
int freezewise_replay(freezewise_graph* graph, char* error);
// Frees a graph with its memory. One whose capture did not end is undone: the device is as it was before it.
void freezewise_drop_graph(freezewise_graph* graph);

}  // extern "C"
