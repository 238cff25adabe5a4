#include "experiments/diagnostic_consistency/subject_values.h"

#include <map>

namespace maskbench::consistency {

void AddSubjectValues(const RunData& data, const std::vector<EyeUnit>& units,
                      const ReaderGroup& group, const std::string& reference,
                      std::vector<SubjectValue>* values) {
  struct Sum {
    double right = 0, judged = 0, same = 0, compared = 0;
  };
  for (const auto& arm : group.arms) {
    for (size_t c = 0; c < kConditions; ++c) {
      std::map<std::string, Sum> sums;
      for (size_t u = 0; u < units.size(); ++u) {
        const std::string& subject = data.dataset().FindRecording(units[u].recording)->subject;
        for (int member = 0; member < group.members; ++member) {
          const Finding* finding = group.At(arm.first, member, u, c);
          if (finding == nullptr) continue;
          const int answer = AnswerOf(*finding);
          Sum& sum = sums[subject];
          if (units[u].diseased[c]) {
            sum.judged += 1;
            sum.right += answer == (*units[u].diseased[c] ? 1 : 0) ? 1 : 0;
          }
          const Finding* original = group.At(reference, member, u, c);
          if (arm.first == reference || original == nullptr || AnswerOf(*original) == kUnread)
            continue;
          sum.compared += 1;
          sum.same += answer == AnswerOf(*original) ? 1 : 0;
        }
      }
      for (const auto& [subject, sum] : sums) {
        SubjectValue value;
        value.variant = arm.first;
        value.condition = ToString(kEyeConditions[c]);
        value.reader = group.name;
        value.unit = "share";
        value.better = Better::kHigher;
        value.subject = subject;
        if (sum.judged > 0) {
          value.metric = "accuracy";
          value.value = sum.right / sum.judged;
          values->push_back(value);
        }
        if (sum.compared > 0) {
          value.metric = "same_as_original";
          value.value = sum.same / sum.compared;
          values->push_back(value);
        }
      }
    }
  }
}

}  // namespace maskbench::consistency
