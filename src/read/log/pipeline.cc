#include "log/pipeline.h"

#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

namespace pgadvise::log {
namespace {

class Pipeline {
 public:
  Pipeline(ChunkReader& reader, Decoder& decoder, unsigned threads,
           const std::function<void(std::uint64_t)>& taken, const std::stop_token& stop)
      : reader_(reader),
        decoder_(decoder),
        threads_(threads),
        taken_(taken),
        stop_(stop),
        slots_(threads == 1 ? 1 : 2 * threads + 1) {}

  bool run() {
    std::vector<std::thread> others;
    std::unique_lock lock(mutex_);
    // A small log is not worth a thread.
    Memory memory;
    while (others.empty() && step(lock, memory)) {
      if (read_ == slots_.size() && threads_ > 1)
        while (others.size() + 1 < threads_) others.emplace_back([this] { work(); });
    }
    while (step(lock, memory)) {
    }
    lock.unlock();
    for (auto& other : others) other.join();
    return !stopped_;
  }

 private:
  struct Slot {
    Chunk chunk;
    bool ready = false;
  };

  void work() {
    Memory memory;
    std::unique_lock lock(mutex_);
    while (step(lock, memory)) {
    }
  }

  Slot& slot(std::uint64_t sequence) { return slots_[sequence % slots_.size()]; }

  // Does what can be done, the oldest first, or waits. false: all is done.
  bool step(std::unique_lock<std::mutex>& lock, Memory& memory) {
    if (!taking_ && next_ < read_ && slot(next_).ready) {
      take(lock);
    } else if (!reading_ && !ended_ && read_ - next_ < slots_.size()) {
      if (stop_.stop_requested()) end_early();
      else read(lock, memory);
    } else if (ended_ && next_ == read_) {
      return false;
    } else {
      changed_.wait(lock);
    }
    return true;
  }

  void end_early() {
    stopped_ = ended_ = true;
    changed_.notify_all();
  }

  void take(std::unique_lock<std::mutex>& lock) {
    taking_ = true;
    Slot& own = slot(next_);
    lock.unlock();
    decoder_.take(own.chunk);
    if (taken_) taken_(own.chunk.raw.bytes);
    lock.lock();
    own.ready = false;
    taking_ = false;
    ++next_;
    changed_.notify_all();
  }

  void read(std::unique_lock<std::mutex>& lock, Memory& memory) {
    reading_ = true;
    Slot& own = slot(read_);
    lock.unlock();
    const bool more = reader_.next(own.chunk.raw);
    lock.lock();
    reading_ = false;
    ended_ = !more;
    read_ += more;
    changed_.notify_all();
    if (!more) return;
    lock.unlock();
    own.chunk.texts.clear();
    own.chunk.raw.split(own.chunk.lines);
    decoder_.look_ahead(own.chunk, memory);
    lock.lock();
    own.ready = true;
    changed_.notify_all();
  }

  ChunkReader& reader_;
  Decoder& decoder_;
  const unsigned threads_;
  const std::function<void(std::uint64_t)>& taken_;
  const std::stop_token& stop_;
  std::vector<Slot> slots_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::uint64_t read_ = 0;  // chunks
  std::uint64_t next_ = 0;  // to be taken
  bool reading_ = false;
  bool taking_ = false;
  bool ended_ = false;
  bool stopped_ = false;  // before the log's end
};

}  // namespace

bool run(ChunkReader& reader, Decoder& decoder, unsigned threads,
         const std::function<void(std::uint64_t)>& taken, const std::stop_token& stop) {
  return Pipeline(reader, decoder, threads, taken, stop).run();
}

}  // namespace pgadvise::log
