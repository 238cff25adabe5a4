#include "maskbench/core/parallel.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace maskbench {
namespace {

std::atomic<int> g_threads{1};

}  // namespace

void DoCases(int count, int threads,
             const std::function<std::function<void(int index)>()>& make_worker,
             const std::function<void(int, int)>& progress) {
  std::atomic<int> next{0};
  std::atomic<bool> failed{false};
  std::mutex mutex;
  std::exception_ptr failure;
  int done = 0;
  const auto work = [&] {
    try {
      const std::function<void(int)> worker = make_worker();
      for (int index = next++; index < count && !failed; index = next++) {
        worker(index);
        if (!progress) continue;
        const std::lock_guard<std::mutex> lock(mutex);
        progress(++done, count);
      }
    } catch (...) {
      const std::lock_guard<std::mutex> lock(mutex);
      if (!failure) failure = std::current_exception();
      failed = true;
    }
  };
  std::vector<std::thread> workers;
  for (int k = 1; k < std::min(threads, count); ++k) workers.emplace_back(work);
  work();
  for (std::thread& worker : workers) worker.join();
  if (failure) std::rethrow_exception(failure);
}

void SetParallelThreads(int threads) { g_threads = std::max(1, threads); }

void ParallelFor(int count, const std::function<void(int index)>& body) {
  DoCases(count, g_threads, [&] { return body; }, {});
}

}  // namespace maskbench
