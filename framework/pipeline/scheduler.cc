#include "maskbench/pipeline/scheduler.h"

#include <condition_variable>
#include <exception>
#include <mutex>
#include <set>
#include <thread>
#include <utility>

#include <fmt/format.h>

#include "maskbench/core/error.h"
#include "maskbench/masking/stored_file.h"
#include "maskbench/pipeline/earlier_work.h"
#include "maskbench/pipeline/plan.h"

namespace maskbench {
namespace {

/// Every member is guarded by `mutex_`; workers hold it except while they do a node.
class Schedule {
 public:
  Schedule(const RunContext& context, const ScheduleOptions& options, Store* store,
           ProgressListener* listener, const std::atomic<bool>& stop)
      : context_(context),
        options_(options),
        store_(store),
        listener_(listener),
        stop_(stop),
        nodes_(context.plan->nodes),
        outcomes_(nodes_.size()),
        ended_(nodes_.size(), false),
        waiting_for_(nodes_.size(), 0),
        dependents_(nodes_.size()) {}

  ScheduleReport Run() {
    for (size_t i = 0; i < nodes_.size(); ++i) {
      for (const int input : nodes_[i].inputs) dependents_[input].push_back(static_cast<int>(i));
    }
    stays_ = FilesThatStay(*context_.plan, *context_.config, *context_.dataset);
    TakeOverEarlierOutcomes();
    for (size_t i = 0; i < nodes_.size(); ++i) {
      for (const int input : nodes_[i].inputs) waiting_for_[i] += ended_[input] ? 0 : 1;
      if (!ended_[i]) ++left_;
      if (!ended_[i] && nodes_[i].stage != Stage::kTime) ++left_untimed_;
    }
    listener_->Begin(static_cast<int>(nodes_.size()), report_.reused);
    for (size_t i = 0; i < nodes_.size(); ++i) MakeReady(static_cast<int>(i));
    std::vector<std::thread> threads;
    for (int i = 0; i < options_.workers; ++i) threads.emplace_back([this] { Work(); });
    for (std::thread& thread : threads) thread.join();
    if (error_) std::rethrow_exception(error_);
    report_.stopped = left_ > 0;
    for (const NodeOutcome& outcome : outcomes_) {
      report_.failed += outcome.status == NodeStatus::kFailed ? 1 : 0;
      report_.blocked += outcome.status == NodeStatus::kBlocked ? 1 : 0;
    }
    report_.done = static_cast<int>(nodes_.size()) - left_ - report_.failed - report_.blocked;
    return report_;
  }

 private:
  void TakeOverEarlierOutcomes() {
    EarlierWork earlier =
        FindEarlierWork(*context_.plan, *context_.config, *context_.dataset, store_->Outcomes(),
                        context_.out, {options_.retry_failed, true});
    outcomes_ = std::move(earlier.outcomes);
    ended_ = std::move(earlier.ended);
    for (const bool ended : ended_) report_.reused += ended ? 1 : 0;
  }

  /// Removes a node's file when nobody will read it.
  void DropUnlessWanted(int index) {
    if (stays_[index] || !ended_[index] || outcomes_[index].artefact.empty()) return;
    for (const int dependent : dependents_[index]) {
      if (!ended_[dependent]) return;
    }
    std::error_code ignored;
    const std::filesystem::path file = context_.out / outcomes_[index].artefact;
    std::filesystem::remove(file, ignored);
    std::filesystem::remove(StoredBeside(file), ignored);
    std::filesystem::remove(file.parent_path(), ignored);  // Only when it is empty.
  }

  void MakeReady(int index) {
    if (!ended_[index] && waiting_for_[index] == 0) ready_.insert(index);
  }

  /// The next node to do, in plan order; −1 when there is none for now. Timed nodes wait until
  /// everything else has ended and run one at a time.
  int Take() {
    for (const int index : ready_) {
      const bool timed = nodes_[index].stage == Stage::kTime;
      if (timed && (left_untimed_ > 0 || timing_)) continue;
      ready_.erase(index);
      timing_ |= timed;
      return index;
    }
    return -1;
  }

  void Work() {
    Worker worker(context_);
    std::unique_lock<std::mutex> lock(mutex_);
    while (left_ > 0 && !stop_ && !error_) {
      const int index = Take();
      if (index < 0) {
        changed_.wait_for(lock, std::chrono::milliseconds(100));
        continue;
      }
      NodeResult result;
      std::vector<const NodeOutcome*> inputs;
      for (const int input : nodes_[index].inputs) {
        inputs.push_back(&outcomes_[input]);
        if (outcomes_[input].status == NodeStatus::kDone) continue;
        result.outcome.status = NodeStatus::kBlocked;
        // Pass the first cause on, not a chain of consequences.
        result.outcome.reason = outcomes_[input].status == NodeStatus::kBlocked
                                    ? outcomes_[input].reason
                                    : fmt::format("{} failed: {}", ToString(nodes_[input].stage),
                                                  outcomes_[input].reason);
        break;
      }
      lock.unlock();
      try {
        if (result.outcome.status == NodeStatus::kDone) {
          const std::optional<Observations> seen = SeenBefore(nodes_[index]);
          result = worker.Do(nodes_[index], inputs, seen ? &*seen : nullptr);
        }
        store_->Commit(nodes_[index], result.outcome, result.observations);
        lock.lock();
      } catch (...) {  // The store is broken: nothing more can be kept.
        lock.lock();
        error_ = std::current_exception();
        break;
      }
      End(index, result.outcome);
    }
    changed_.notify_all();
  }

  /// What the observer saw that a node reads instead of pixels.
  std::optional<Observations> SeenBefore(const Node& node) {
    for (const int input : node.inputs)
      if (nodes_[input].stage == Stage::kObserve)
        return store_->ReadObservations(nodes_[input].key);
    return std::nullopt;
  }

  void End(int index, const NodeOutcome& outcome) {
    outcomes_[index] = outcome;
    ended_[index] = true;
    --left_;
    if (nodes_[index].stage == Stage::kTime) {
      timing_ = false;
    } else {
      --left_untimed_;
    }
    for (const int dependent : dependents_[index]) {
      --waiting_for_[dependent];
      MakeReady(dependent);
    }
    for (const int input : nodes_[index].inputs) DropUnlessWanted(input);
    DropUnlessWanted(index);
    listener_->Ended(nodes_[index], outcome);
    changed_.notify_all();
  }

  const RunContext& context_;
  const ScheduleOptions options_;
  Store* store_;
  ProgressListener* listener_;
  const std::atomic<bool>& stop_;
  const std::vector<Node>& nodes_;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<NodeOutcome> outcomes_;
  std::vector<bool> ended_;
  std::vector<bool> stays_;  ///< Whether the node's file is kept when nobody needs it any more.
  std::vector<int> waiting_for_;
  std::vector<std::vector<int>> dependents_;
  std::set<int> ready_;
  int left_ = 0, left_untimed_ = 0;
  bool timing_ = false;
  std::exception_ptr error_;
  ScheduleReport report_;
};

}  // namespace

ScheduleReport RunPlan(const RunContext& context, const ScheduleOptions& options, Store* store,
                       ProgressListener* listener, const std::atomic<bool>& stop) {
  return Schedule(context, options, store, listener, stop).Run();
}

}  // namespace maskbench
