// The C interface of a CUDA plugin: what src/native/cuda.rs and graph.rs load by name.
//
// A function that can fail returns 0, or 1 with the cause in `error` (kTextSize bytes).
#pragma once

#include <cstdint>

#include "text.h"

extern "C" {

struct freezewise_device {
  char name[kTextSize];
  uint64_t memory_bytes;
  int32_t major, minor;
  int64_t cudnn;
  int32_t stand_in;  // 1 for a stand-in in tests, 0 for a GPU
};

struct freezewise_memory {
  uint64_t held;      // by tensors, currently
  uint64_t peak;      // by tensors, since the start
  uint64_t reserved;  // from the device, in use or not
  uint64_t free;      // on the device
};

struct freezewise_graph;

// The libtorch version that the plugin was compiled for, such as 2.11.0.
const char* freezewise_torch_version();
// The CUDA version whose structures the plugin reads, such as 13000; 0 if it reads none.
int freezewise_cuda_version();
int freezewise_device_facts(int device, freezewise_device* facts, char* error);

int freezewise_device_memory(int device, freezewise_memory* memory, char* error);
// Releases memory that no tensor holds.
int freezewise_empty_cache(char* error);

// Makes a device current for this thread, with a non-default stream, after the work already submitted.
int freezewise_use_stream(int device, char* error);
// Waits for all work of a device.
int freezewise_synchronize(int device, char* error);

// Creates an id, two numbers, of a memory pool that can be shared by graphs which replay one after another. The pool
// lives as long as the graphs captured with it, and cannot be used again afterwards.
int freezewise_new_pool(uint64_t* pool, char* error);
// Starts capturing this thread's work on the current stream, which must not be the default stream.
int freezewise_capture_begin(freezewise_graph** graph, const uint64_t* pool, char* error);
// Ends the capture; the graph can then be replayed.
int freezewise_capture_end(freezewise_graph* graph, char* error);
int freezewise_replay(freezewise_graph* graph, char* error);
// Frees a graph and its memory. An unfinished capture is undone, and the device is as it was before.
void freezewise_drop_graph(freezewise_graph* graph);

}  // extern "C"
