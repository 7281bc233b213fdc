// What plugin.cpp does with graphs.
#pragma once

namespace standin {

struct Graph;

Graph* begin_capture();
void end_capture(Graph* graph);
void replay(const Graph& graph);
// Frees a graph; a capture that an error broke off is undone.
void drop(Graph* graph);

}  // namespace standin
