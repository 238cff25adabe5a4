#include "experiments/reidentification/subject_values.h"

#include <map>

#include "maskbench/stats/biometrics.h"

namespace maskbench {

void AddSearchValues(const RunData& data, const Protocol& protocol, const Searches& searches,
                     const SubjectValue& head, std::vector<SubjectValue>* values) {
  std::map<int, std::string> subjects;
  for (const Protocol::Entry& entry : protocol.gallery)
    subjects[entry.subject] = data.dataset().FindRecording(entry.recording)->subject;
  struct Sum {
    double hits = 0, auc = 0, probes = 0;
  };
  std::map<int, Sum> sums;
  size_t next = 0;
  for (const RankedProbe& probe : searches.ranked) {
    // A probe's comparisons end where another one's begin; those of the same person begin with the
    // same template.
    const size_t first = next;
    const std::vector<Comparison>& all = searches.comparisons;
    while (next < all.size() && all[next].probe_subject == probe.subject &&
           (next == first || all[next].gallery_subject != all[first].gallery_subject)) {
      ++next;
    }
    const double others = static_cast<double>(next - first) - 1;
    Sum& sum = sums[probe.subject];
    sum.probes += 1;
    sum.hits += RankRate({probe}, 1);
    sum.auc += probe.failed || others <= 0 ? 0.5 : 1 - (probe.better + 0.5 * probe.tied) / others;
  }
  for (const auto& [subject, sum] : sums) {
    SubjectValue value = head;
    value.subject = subjects.at(subject);
    value.unit = "share";
    value.metric = "rank_1";
    value.value = sum.hits / sum.probes;
    values->push_back(value);
    value.metric = "probe_auc";
    value.value = sum.auc / sum.probes;
    values->push_back(value);
  }
}

}  // namespace maskbench
