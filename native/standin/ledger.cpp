// What processes that share devices hold of them: a file that all of them map, an entry for each process.
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "standin.h"

namespace standin {
namespace {

constexpr int kProcesses = 64, kDevices = 8;

struct Entry {
  int64_t process, held[kDevices];
};

// Tests read `most`, the first number of the file.
struct Sheet {
  int64_t most;  // the most processes that held memory at a time
  Entry entries[kProcesses];
};

// A process that was killed gives nothing back itself.
bool lives(int64_t process) { return process != 0 && (kill(static_cast<pid_t>(process), 0) == 0 || errno != ESRCH); }

class Ledger {
 public:
  explicit Ledger(const std::string& path) : file_(open(path.c_str(), O_RDWR | O_CREAT, 0600)) {
    TORCH_CHECK(file_ >= 0 && ftruncate(file_, sizeof(Sheet)) == 0, "`", path, "` cannot be written (stand-in)");
    void* place = mmap(nullptr, sizeof(Sheet), PROT_READ | PROT_WRITE, MAP_SHARED, file_, 0);
    TORCH_CHECK(place != MAP_FAILED, "`", path, "` cannot be mapped (stand-in)");
    sheet_ = static_cast<Sheet*>(place);
    const Locked locked(file_);
    for (auto& entry : sheet_->entries) {
      if (lives(entry.process)) continue;
      entry = Entry{getpid(), {}};
      own_ = &entry;
      return;
    }
    TORCH_CHECK(false, "more than ", kProcesses, " processes share a device (stand-in)");
  }

  // What other processes hold of a device, and notes what this one does.
  size_t exchange(int device, size_t held) {
    const Locked locked(file_);
    own_->held[device] = static_cast<int64_t>(held);
    int64_t others = 0, holders = 0;
    for (const auto& entry : sheet_->entries) {
      if (!lives(entry.process)) continue;
      if (&entry != own_) others += entry.held[device];
      holders += std::any_of(entry.held, entry.held + kDevices, [](int64_t bytes) { return bytes > 0; });
    }
    sheet_->most = std::max(sheet_->most, holders);
    return static_cast<size_t>(others);
  }

 private:
  struct Locked {
    explicit Locked(int file) : file(file) { flock(file, LOCK_EX); }
    ~Locked() { flock(file, LOCK_UN); }
    int file;
  };
  int file_;
  Sheet* sheet_ = nullptr;
  Entry* own_ = nullptr;
};

}  // namespace

size_t held_by_others(int device, size_t own) {
  const auto& path = state().settings.share;
  if (path.empty()) return 0;
  // Never destroyed: memory is given back by what outlives main.
  static Ledger* ledger = new Ledger(path);
  return ledger->exchange(device, own);
}

}  // namespace standin
