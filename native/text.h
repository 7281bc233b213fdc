// Shared by both parts of the shim: converts exceptions to text.
#pragma once

#include <cstddef>
#include <cstring>
#include <exception>

constexpr size_t kTextSize = 1024;

inline void copy_text(char* to, const char* from) {
  std::strncpy(to, from, kTextSize - 1);
  to[kTextSize - 1] = '\0';
}

// Runs `work`; returns 0, or 1 with the cause in `error`.
template <class Work>
int caught(char* error, Work&& work) {
  try {
    work();
    return 0;
  } catch (const std::exception& exception) {
    copy_text(error, exception.what());
    return 1;
  }
}
