#pragma once

#include <functional>

namespace maskbench {

/// Does cases 0 to count − 1 on so many threads, each with its own worker. The first exception ends
/// all of them and comes out of here.
/// @param make_worker  called once on each thread; what it returns does one case.
/// @param progress  done and count, never two calls at once; may be empty.
void DoCases(int count, int threads,
             const std::function<std::function<void(int index)>()>& make_worker,
             const std::function<void(int, int)>& progress);

/// Threads of ParallelFor in this process: 1 until set. No result depends on it.
void SetParallelThreads(int threads);

/// Calls `body` once for each of 0 to count − 1, on the threads that were set, in any order. The
/// first exception comes out of here.
void ParallelFor(int count, const std::function<void(int index)>& body);

}  // namespace maskbench
