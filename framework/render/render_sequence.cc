#include "maskbench/render/render_sequence.h"

#include <algorithm>
#include <condition_variable>
#include <exception>
#include <map>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "maskbench/core/error.h"

namespace maskbench {
namespace {

/// Every member below the mutex is guarded by it; threads let go of it while they render.
class Sequence {
 public:
  Sequence(int count, int threads, const RenderOptions& options,
           const std::function<Scene(int)>& make_scene)
      : count_(count), limit_(2 * threads), options_(options), make_scene_(make_scene) {
    try {
      for (int i = 0; i < threads; ++i) threads_.emplace_back([this] { Work(); });
    } catch (...) {
      Stop();
      throw;
    }
  }
  ~Sequence() { Stop(); }
  Sequence(const Sequence&) = delete;
  Sequence& operator=(const Sequence&) = delete;

  /// Waits for a frame; throws its failure.
  RenderedFrame Take(int index) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return done_.count(index) > 0; });
    Done done = std::move(done_.at(index));
    done_.erase(index);
    if (done.failure) std::rethrow_exception(done.failure);
    return std::move(done.frame);
  }

  /// Returns the memory of a frame and lets the next one begin.
  void Release(RenderedFrame frame) {
    {
      const std::lock_guard lock(mutex_);
      spare_.push_back(std::move(frame));
      ++released_;
    }
    changed_.notify_all();
  }

 private:
  struct Done {
    RenderedFrame frame;
    std::exception_ptr failure;
  };

  void Stop() {
    {
      const std::lock_guard lock(mutex_);
      stopped_ = true;
    }
    changed_.notify_all();
    for (std::thread& thread : threads_) thread.join();
  }

  void Work() {
    Renderer renderer;
    while (true) {
      int index;
      Done done;
      {
        std::unique_lock lock(mutex_);
        changed_.wait(lock,
                      [&] { return stopped_ || next_ >= count_ || next_ < released_ + limit_; });
        if (stopped_ || next_ >= count_) return;
        index = next_++;
        if (!spare_.empty()) {
          done.frame = std::move(spare_.back());
          spare_.pop_back();
        }
      }
      try {
        renderer.Render(make_scene_(index), options_, &done.frame);
      } catch (...) {
        done.failure = std::current_exception();
      }
      {
        const std::lock_guard lock(mutex_);
        done_.emplace(index, std::move(done));
      }
      changed_.notify_all();
    }
  }

  const int count_;
  const int limit_;
  const RenderOptions options_;
  const std::function<Scene(int)>& make_scene_;
  std::vector<std::thread> threads_;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<int, Done> done_;
  std::vector<RenderedFrame> spare_;
  int next_ = 0;
  int released_ = 0;
  bool stopped_ = false;
};

/// Throws the exception being handled once more, naming the frame.
[[noreturn]] void RethrowForFrame(int index) {
  try {
    throw;
  } catch (const UsageError& error) {
    throw UsageError(fmt::format("Frame {}: {}", index, error.what()));
  } catch (const std::exception& error) {
    throw DataError(fmt::format("Frame {}: {}", index, error.what()));
  }
}

}  // namespace

void RenderSequence(int count, int threads, const RenderOptions& options,
                    const std::function<Scene(int)>& make_scene,
                    const std::function<void(int, RenderedFrame&)>& sink) {
  threads = std::min(threads, count);
  if (threads <= 1) {
    Renderer renderer;
    RenderedFrame frame;
    for (int i = 0; i < count; ++i) {
      try {
        renderer.Render(make_scene(i), options, &frame);
        sink(i, frame);
      } catch (...) {
        RethrowForFrame(i);
      }
    }
    return;
  }
  Sequence sequence(count, threads, options, make_scene);
  for (int i = 0; i < count; ++i) {
    try {
      RenderedFrame frame = sequence.Take(i);
      sink(i, frame);
      sequence.Release(std::move(frame));
    } catch (...) {
      RethrowForFrame(i);
    }
  }
}

}  // namespace maskbench
