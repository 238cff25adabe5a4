#include "maskbench/pipeline/earlier_work.h"

#include <set>
#include <system_error>

#include "maskbench/core/error.h"
#include "maskbench/core/files.h"
#include "maskbench/core/hash.h"
#include "maskbench/masking/stored_file.h"
#include "maskbench/pipeline/plan.h"
#include "maskbench/pipeline/run_folder.h"

namespace maskbench {
namespace {
namespace fs = std::filesystem;

bool IsThere(const fs::path& file, const std::string& sha256, bool check_hashes) {
  return fs::exists(file) && (!check_hashes || Sha256OfFile(file) == sha256);
}

void Link(const fs::path& from, const fs::path& to) {
  if (!fs::exists(from) || fs::exists(to)) return;
  fs::create_directories(to.parent_path());
  std::error_code code;
  fs::create_hard_link(from, to, code);
  if (!code) return;
  try {
    fs::copy_file(from, to);
  } catch (const fs::filesystem_error& error) {
    throw DataError(std::string(error.what()) + ".");
  }
}

}  // namespace

std::vector<bool> FilesThatStay(const Plan& plan, const RunConfig& config, const Dataset& dataset) {
  std::vector<bool> stays(plan.nodes.size(), true);
  if (config.keep == "all") return stays;
  std::set<std::string> pictured;
  for (std::string& id : PicturedRecordings(plan.recordings, dataset))
    pictured.insert(std::move(id));
  for (size_t i = 0; i < plan.nodes.size(); ++i) {
    const bool shown = pictured.count(plan.nodes[i].recording) > 0;
    stays[i] = plan.nodes[i].stage == Stage::kMask && (shown || config.keep == "masked");
  }
  return stays;
}

EarlierWork FindEarlierWork(const Plan& plan, const RunConfig& config, const Dataset& dataset,
                            const std::map<std::string, NodeOutcome>& outcomes, const fs::path& out,
                            const EarlierWorkOptions& options) {
  const std::vector<Node>& nodes = plan.nodes;
  const std::vector<bool> stays = FilesThatStay(plan, config, dataset);
  std::vector<std::vector<int>> dependents(nodes.size());
  for (size_t i = 0; i < nodes.size(); ++i)
    for (const int input : nodes[i].inputs) dependents[input].push_back(static_cast<int>(i));
  EarlierWork work;
  work.ended.assign(nodes.size(), false);
  work.outcomes.resize(nodes.size());
  // From the last node to the first, since a file that is gone matters only to those who read it.
  for (int i = static_cast<int>(nodes.size()) - 1; i >= 0; --i) {
    const auto found = outcomes.find(nodes[i].key);
    if (found == outcomes.end()) continue;
    const NodeOutcome& outcome = found->second;
    if (outcome.status != NodeStatus::kDone && options.retry_failed) continue;
    bool wanted = stays[i];
    for (const int dependent : dependents[i]) wanted = wanted || !work.ended[dependent];
    // A file that is gone or changed is made again.
    if (!outcome.artefact.empty()) {
      const fs::path file = out / outcome.artefact;
      const bool there = fs::exists(file);
      if (there ? !IsThere(file, outcome.artefact_sha256, options.check_hashes) : wanted) continue;
      const std::string stored_sha256 = outcome.notes.value("stored_sha256", "");
      if (!stored_sha256.empty() && wanted &&
          !IsThere(StoredBeside(file), stored_sha256, options.check_hashes)) {
        continue;
      }
    }
    const std::string truth_sha256 = outcome.notes.value("truth_sha256", "");
    if (!truth_sha256.empty() &&
        !IsThere(out / FrameTruthFile(nodes[i].recording), truth_sha256, options.check_hashes)) {
      continue;
    }
    work.outcomes[i] = outcome;
    work.ended[i] = true;
  }
  return work;
}

int AdoptWork(const Plan& plan, const fs::path& from, Store* store, const fs::path& out) {
  if (!fs::exists(StoreFile(from))) return 0;
  Store other(StoreFile(from));
  const std::map<std::string, NodeOutcome> theirs = other.Outcomes(), ours = store->Outcomes();
  int adopted = 0;
  for (const Node& node : plan.nodes) {
    const auto found = theirs.find(node.key);
    if (node.stage == Stage::kTime || found == theirs.end() || ours.count(node.key) > 0) continue;
    const NodeOutcome& outcome = found->second;
    if (outcome.status != NodeStatus::kDone) continue;
    // A recording of the same name may differ in the other run; that of this node has this truth.
    if (const std::string sha256 = outcome.notes.value("truth_sha256", ""); !sha256.empty()) {
      const fs::path truth = FrameTruthFile(node.recording);
      if (!IsThere(from / truth, sha256, true)) continue;
      Link(from / truth, out / truth);
    }
    if (!outcome.artefact.empty()) {
      const fs::path file = JoinInside(from, outcome.artefact);
      Link(file, out / outcome.artefact);
      Link(StoredBeside(file), StoredBeside(out / outcome.artefact));
    }
    store->Commit(node, outcome,
                  node.stage == Stage::kObserve
                      ? other.ReadObservations(node.key).value_or(Observations())
                      : Observations());
    ++adopted;
  }
  return adopted;
}

}  // namespace maskbench
