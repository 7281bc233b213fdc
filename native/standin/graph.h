// What plugin.cpp does with graphs.
#pragma once

#include <cstdint>

namespace standin {

struct Graph;

// A pool that graphs of the current device share. As libtorch has it, the last of its graphs takes it along.
uint64_t new_pool();
Graph* begin_capture(uint64_t pool);
void end_capture(Graph* graph);
void replay(const Graph& graph);
// Frees a graph; a capture that an error broke off is undone.
void drop(Graph* graph);

}  // namespace standin
