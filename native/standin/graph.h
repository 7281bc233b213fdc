// What plugin.cpp does with graphs.
#pragma once

#include <cstdint>

namespace standin {

struct Graph;

// A pool for graphs of the current device. As in libtorch, it is released with the last of its graphs.
uint64_t new_pool();
Graph* begin_capture(uint64_t pool);
void end_capture(Graph* graph);
void replay(const Graph& graph);
// Frees a graph; undoes an aborted capture.
void drop(Graph* graph);

}  // namespace standin
