// Somebody who does not look for a person, but for what the person is: sex, age, ancestry, mood.
#include <algorithm>
#include <map>
#include <set>

#include "maskbench/core/text.h"
#include "maskbench/recognition/attribute_reader.h"

#include "experiments/reidentification/attacker.h"
#include "experiments/reidentification/attribute_figures.h"
#include "experiments/reidentification/mood.h"

namespace maskbench {
namespace {

constexpr int kFolds = 5;

/// An attribute that the data set states of its subjects.
struct Attribute {
  std::string name;
  std::vector<std::string> classes;
  std::map<std::string, int> of_subject;  ///< Class by subject id.
};

/// Numbers become two classes, at their median over the subjects.
std::vector<Attribute> AttributesOf(const RunData& data) {
  std::map<std::string, std::map<std::string, Json>> stated;
  std::set<std::string> present;
  for (const std::string& id : data.recordings())
    present.insert(data.dataset().FindRecording(id)->subject);
  for (const std::string& id : present) {
    for (const auto& [name, value] : data.dataset().FindSubject(id)->attributes.items())
      stated[name][id] = value;
  }
  std::vector<Attribute> attributes;
  for (const auto& [name, of_subject] : stated) {
    std::vector<double> numbers;
    for (const auto& [id, value] : of_subject)
      if (value.is_number()) numbers.push_back(value.get<double>());
    std::map<std::string, std::string> classes;
    if (numbers.size() == of_subject.size()) {
      std::sort(numbers.begin(), numbers.end());
      const double median = numbers[numbers.size() / 2];
      for (const auto& [id, value] : of_subject)
        classes[id] = (value.get<double>() < median ? "below " : "from ") + NumberText(median);
    } else {
      for (const auto& [id, value] : of_subject)
        classes[id] = value.is_string() ? value.get<std::string>() : value.dump();
    }
    std::map<std::string, int> sizes;
    for (const auto& [id, which] : classes) ++sizes[which];
    Attribute attribute;
    attribute.name = name;
    for (const auto& [which, size] : sizes)
      if (size >= kLeastPerClass) attribute.classes.push_back(which);
    if (attribute.classes.size() < 2) continue;
    for (const auto& [id, which] : classes) {
      const auto found = std::find(attribute.classes.begin(), attribute.classes.end(), which);
      if (found != attribute.classes.end())
        attribute.of_subject[id] = static_cast<int>(found - attribute.classes.begin());
    }
    attributes.push_back(std::move(attribute));
  }
  return attributes;
}

/// Reads every recording, having learned from people of other folds. Who cannot be enrolled, or has
/// nobody to be learned from, is called what most of those others are, with scores that say
/// nothing.
std::vector<ReadAttribute> ReadAll(const AttackInput& input, const Attribute& attribute,
                                   int64_t* failed) {
  const Templates& templates = input.Probes();
  const auto label_of = [&](const Protocol::Entry& entry) {
    const auto found =
        attribute.of_subject.find(input.data.dataset().FindRecording(entry.recording)->subject);
    return found == attribute.of_subject.end() ? -1 : found->second;
  };
  const auto classes = static_cast<int>(attribute.classes.size());
  std::vector<ReadAttribute> all;
  for (const AttackedPart& part : DealIntoParts(input.protocol, kFolds, input.seed())) {
    std::vector<ClassifiedDescriptor> samples;
    std::vector<double> shares(attribute.classes.size(), 0);
    std::set<int> people;
    for (const Protocol::Entry& entry : part.teachers) {
      const int label = label_of(entry);
      if (label < 0) continue;
      ++shares[static_cast<size_t>(label)];
      const auto& own = templates.at(entry.recording);
      if (!own) continue;
      samples.push_back({entry.subject, label, *own});
      people.insert(entry.subject);
    }
    const auto most =
        static_cast<int>(std::max_element(shares.begin(), shares.end()) - shares.begin());
    std::optional<AttributeReader> reader;
    if (static_cast<int>(people.size()) >= AttributeReader::kLeastSubjects)
      reader = AttributeReader::Learn(samples, classes, input.seed());
    for (const std::vector<Protocol::Entry>* entries :
         {&part.attacked.gallery, &part.attacked.probes}) {
      for (const Protocol::Entry& entry : *entries) {
        ReadAttribute read;
        read.subject = entry.subject;
        read.label = label_of(entry);
        if (read.label < 0) continue;
        const auto& own = templates.at(entry.recording);
        if (own && reader) {
          read.scores = reader->Read(*own);
          read.called = static_cast<int>(std::max_element(read.scores.begin(), read.scores.end()) -
                                         read.scores.begin());
        } else {
          ++*failed;
          read.called = most;
          // The regression's answer to a descriptor that is like all others.
          double sum = 0;
          for (const double share : shares) sum += share;
          for (const double share : shares) read.scores.push_back(sum > 0 ? share / sum : 0);
        }
        all.push_back(std::move(read));
      }
    }
  }
  return all;
}

void AddAttributes(const AttackInput& input, const Searches*, const Figure& head,
                   std::vector<Figure>* figures) {
  if (input.kind == DescriptorKind::kMood) {
    AddMood(input, head, figures);
    return;
  }
  for (const Attribute& attribute : AttributesOf(input.data)) {
    int64_t failed = 0;
    const std::vector<ReadAttribute> all = ReadAll(input, attribute, &failed);
    std::vector<int> told;
    // Of two classes either says it all.
    const int classes = static_cast<int>(attribute.classes.size());
    for (int which = 0; which < (classes == 2 ? 1 : classes); ++which) told.push_back(which);
    AddAttributeFigures({attribute.name, attribute.classes, told}, all, failed, head, figures);
  }
}

}  // namespace

Attacker AttributesAttacker() {
  Attacker attacker;
  attacker.name = "attributes";
  attacker.help =
      "looks for nobody, but reads off descriptors what the data set states of its subjects (sex, "
      "age above or below the median, ancestry), by a regression learned on other subjects under "
      "the same variant, in five parts; with the observer emotion, the mood that its network sees "
      "in the original, as far as it sees the same behind the mask.";
  attacker.kinds = {DescriptorKind::kFace, DescriptorKind::kMood};
  attacker.plans = [](const RunConfig& config, const ReidentificationOptions&) {
    std::vector<AttackPlan> plans;
    for (const ComponentChoice& variant : config.variants) plans.push_back({variant.name, ""});
    return plans;
  };
  attacker.more = AddAttributes;
  attacker.by_pairing = false;
  attacker.least_subjects = kLeastTrainedSubjects;
  attacker.check = [](const Dataset& dataset, Problems* problems) {
    const bool any =
        std::any_of(dataset.subjects.begin(), dataset.subjects.end(),
                    [](const Subject& subject) { return !subject.attributes.empty(); });
    if (!any) {
      problems->Add("attackers", "has \"attributes\", but the data set \"" + dataset.name +
                                     "\" states no attributes of its subjects");
    }
  };
  attacker.table_title = "What masks say of people";
  attacker.table_explanation =
      "attribute_accuracy: share of recordings whose person's attribute was read rightly, by "
      "somebody who learned from other people under the same variant. attribute_majority: what "
      "always naming the most frequent class gives. attribute_auc: of one class against the "
      "others; "
      "0.5 is chance. A number (age) is told to be below its median over the subjects, or not. "
      "Nobody states moods: attribute=mood is what a network calls the masked recording against "
      "what it calls the original; in the original's own row, one half of its frames against the "
      "other.";
  attacker.table_metrics = {"attribute_accuracy", "attribute_majority", "attribute_auc"};
  return attacker;
}

}  // namespace maskbench
