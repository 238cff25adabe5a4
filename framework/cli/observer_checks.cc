// `check-method` for observers: measures, recognisers and readers.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <map>
#include <thread>
#include <vector>

#include <fmt/format.h>

#include "maskbench/clinical/diagnosis.h"
#include "maskbench/clinical/reader.h"
#include "maskbench/core/error.h"
#include "maskbench/core/text.h"
#include "maskbench/perception/observer.h"
#include "maskbench/recognition/recogniser.h"

#include "method_checks.h"

namespace maskbench {
namespace {

/// What came of one recording.
struct Seen {
  std::string refusal;  ///< Why nothing was observed; empty: something was.
  bool is_refusal = true;
  Observations observations;
  double seconds = 0;
};

bool Same(double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); }

template <class List>
bool SameNumbers(const List& a, const List& b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(),
                                            [](auto one, auto two) { return Same(one, two); });
}

/// The first thing that is not the same; empty: nothing.
std::string Difference(const Observations& a, const Observations& b) {
  if (a.frames != b.frames || a.frames_with_face != b.frames_with_face) return "numbers of frames";
  if (a.values.size() != b.values.size()) return "the number of values";
  for (size_t i = 0; i < a.values.size(); ++i) {
    const MeasureValue &one = a.values[i], &two = b.values[i];
    if (one.name != two.name || one.eye != two.eye || !Same(one.value, two.value) ||
        !Same(one.low, two.low) || !Same(one.high, two.high)) {
      return "value " + one.name;
    }
  }
  if (a.series.size() != b.series.size()) return "the number of series";
  for (size_t i = 0; i < a.series.size(); ++i) {
    const MeasureSeries &one = a.series[i], &two = b.series[i];
    if (one.name != two.name || one.eye != two.eye || !SameNumbers(one.values, two.values)) {
      return "series " + one.name;
    }
  }
  if (a.embeddings.size() != b.embeddings.size()) return "the number of descriptors";
  for (size_t i = 0; i < a.embeddings.size(); ++i) {
    const Embedding &one = a.embeddings[i], &two = b.embeddings[i];
    if (one.frame != two.frame || !SameNumbers(one.values, two.values)) {
      return fmt::format("descriptor of frame {}", one.frame);
    }
  }
  if (a.readings.size() != b.readings.size()) return "the number of readings";
  for (size_t i = 0; i < a.readings.size(); ++i) {
    const Reading &one = a.readings[i], &two = b.readings[i];
    if (one.condition != two.condition || one.eye != two.eye || one.label != two.label ||
        !Same(one.score, two.score)) {
      return "reading " + one.condition;
    }
  }
  return "";
}

const std::vector<float>* TemplateOf(const Observations& seen) {
  for (const Embedding& embedding : seen.embeddings)
    if (embedding.frame == Embedding::kTemplate) return &embedding.values;
  return nullptr;
}

class ObserverChecker {
 public:
  ObserverChecker(const CheckedMethod& method, SampleMaker* samples, CheckList* list)
      : method_(method),
        info_(method.program.components->observers.Info(method.choice.type)),
        samples_(*samples),
        list_(*list),
        metric_(MetricOf(method.choice)),
        is_reader_(IsReader(method.choice.type)) {}

  void CheckAll() {
    if (metric_ && KindOf(method_.choice.type) == DescriptorKind::kStoredFile) {
      throw UsageError(
          fmt::format("{} looks at files that masks store, which made recordings do not have.",
                      method_.choice.type));
    }
    std::unique_ptr<Observer> observer;
    try {
      observer = Make();
    } catch (const std::exception& error) {
      return list_.Problem("builds", error.what());
    }
    list_.Good("builds", fmt::format("{}, version {}, a {}", info_.type, info_.version,
                                     metric_      ? "recogniser"
                                     : is_reader_ ? "reader"
                                                  : "measure"));
    const MadeSample &usual = samples_.Person(0, 0), &odd = samples_.OddSize();
    const Seen first = Observe(observer.get(), usual);
    CheckSeen("usual video", usual, first);
    CheckSeen("odd size", odd, Observe(observer.get(), odd));
    CheckSeen("one frame", samples_.OneFrame(), Observe(observer.get(), samples_.OneFrame()));
    CheckNoFace(observer.get());
    if (!first.refusal.empty()) {
      return list_.Note("everything else", "not tried: it needs the usual video observed");
    }
    CheckRepeats(usual, odd, first);
    if (metric_) CheckRecogniser(observer.get(), first.observations);
    if (is_reader_) CheckReader(first.observations);
    const double per_frame = first.seconds / static_cast<double>(usual.recording.info.frame_count);
    const std::string speed = fmt::format(
        "{:.3g} ms per frame of 480×360; 100 recordings of 300 frames under 5 variants take {:.2g} "
        "h on one core, at most",
        1000 * per_frame, 500 * 300 * per_frame / 3600);
    per_frame > 2 ? list_.Note("speed", speed) : list_.Good("speed", speed);
  }

 private:
  std::unique_ptr<Observer> Make() const {
    return method_.program.components->observers.Make(method_.choice, {&method_.networks});
  }

  static Seen Observe(Observer* observer, const MadeSample& sample) {
    Seen seen;
    const auto start = std::chrono::steady_clock::now();
    try {
      seen.observations = observer->Observe(sample.recording, sample.track);
    } catch (const DataError& error) {
      seen.refusal = error.what();
    } catch (const std::exception& error) {
      seen.refusal = Split(error.what(), '\n').front();
      seen.is_refusal = false;
    }
    seen.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    return seen;
  }

  /// What is wrong with observations, whoever made them; empty: nothing.
  std::string Fault(const MadeSample& sample, const Observations& seen) const {
    const int64_t frames = sample.recording.info.frame_count;
    if (seen.frames != frames) {
      return fmt::format("it says {} frames; the recording has {}", seen.frames, frames);
    }
    if (seen.frames_with_face < 0 || seen.frames_with_face > frames) {
      return fmt::format("it saw a face in {} of {} frames", seen.frames_with_face, frames);
    }
    for (const MeasureValue& value : seen.values) {
      if (value.name.empty()) return "a value has no name";
      if (std::isinf(value.value) || std::isinf(value.low) || std::isinf(value.high)) {
        return value.name + " is infinite; what is not known is NaN";
      }
      if (value.low > value.high) return value.name + " has an interval whose ends are exchanged";
    }
    for (const MeasureSeries& series : seen.series) {
      if (series.name.empty()) return "a series has no name";
      if (static_cast<int64_t>(series.values.size()) != frames) {
        return fmt::format("series {} has {} samples for {} frames", series.name,
                           series.values.size(), frames);
      }
      if (std::any_of(series.values.begin(), series.values.end(),
                      [](double sample_value) { return std::isinf(sample_value); })) {
        return "series " + series.name + " is infinite somewhere; what is not known is NaN";
      }
    }
    return "";
  }

  void CheckSeen(const std::string& what, const MadeSample& sample, const Seen& seen) {
    const MediaInfo& in = sample.recording.info;
    const std::string taken = fmt::format("{}×{}, {} frame{}", in.width_px, in.height_px,
                                          in.frame_count, in.frame_count == 1 ? "" : "s");
    if (!seen.refusal.empty()) {
      if (seen.is_refusal && in.frame_count == 1) {
        return list_.Note(what, "refused, as a failure that a run reports: " + seen.refusal);
      }
      return list_.Problem(what, fmt::format("{}: {}", taken, seen.refusal));
    }
    const std::string fault = Fault(sample, seen.observations);
    if (!fault.empty()) return list_.Problem(what, fmt::format("{}: {}", taken, fault));
    const Observations& all = seen.observations;
    if (all.values.size() + all.series.size() + all.embeddings.size() + all.readings.size() == 0) {
      return list_.Problem(what, taken + ": nothing was observed, though a face is there");
    }
    list_.Good(what, fmt::format("{}: {} values, {} series, {} descriptors, {} readings", taken,
                                 all.values.size(), all.series.size(), all.embeddings.size(),
                                 all.readings.size()));
  }

  void CheckNoFace(Observer* observer) {
    const std::string what = "no face";
    const MadeSample& sample = samples_.NoFace();
    const Seen seen = Observe(observer, sample);
    if (!seen.refusal.empty()) {
      return seen.is_refusal
                 ? list_.Good(what, "refused, as a failure that a run reports: " + seen.refusal)
                 : list_.Problem(what, "ends in an error of a library instead of a DataError: " +
                                           seen.refusal);
    }
    const std::string fault = Fault(sample, seen.observations);
    if (!fault.empty()) return list_.Problem(what, fault);
    if (metric_ && !seen.observations.embeddings.empty()) {
      return list_.Problem(what, "a descriptor is given where no face was found");
    }
    for (const Reading& reading : seen.observations.readings) {
      if (reading.label != ToString(Presence::kAbsent) &&
          reading.label != ToString(Presence::kPresent)) {
        continue;
      }
      return list_.Problem(
          what, fmt::format("{} is said to be {} where nothing can be seen; say \"unknown\"",
                            reading.condition, reading.label));
    }
    for (const MeasureValue& value : seen.observations.values) {
      if (std::isnan(value.value)) continue;
      return list_.Note(what, fmt::format("{} is {:g} {} though nobody is there; NaN says that it "
                                          "is not known",
                                          value.name, value.value, value.unit));
    }
    list_.Good(what, "nothing is claimed of nobody");
  }

  void CheckRepeats(const MadeSample& usual, const MadeSample& odd, const Seen& first) {
    const auto compare = [&](const std::string& what, const Seen& again, const std::string& how) {
      if (!again.refusal.empty()) return list_.Problem(what, how + ": " + again.refusal);
      const std::string difference = Difference(first.observations, again.observations);
      if (difference.empty()) return list_.Good(what, how + ": the same numbers");
      list_.Problem(what,
                    fmt::format("{}: {} differs; keep nothing from one recording for the next", how,
                                difference));
    };
    const std::unique_ptr<Observer> another = Make();
    Observe(another.get(), odd);
    compare("repeats", Observe(another.get(), usual),
            "observed once more, after another recording");
    const std::unique_ptr<Observer> left = Make(), right = Make();
    std::thread thread([&] { Observe(right.get(), odd); });
    const Seen beside = Observe(left.get(), usual);
    thread.join();
    compare("two at a time", beside, "observed while another instance works");
  }

  void CheckRecogniser(Observer* observer, const Observations& first) {
    std::vector<std::vector<std::vector<float>>> templates(kSamplePeople);  // Person, day.
    size_t size = 0;
    for (int person = 0; person < kSamplePeople; ++person) {
      for (int day = 0; day < kSampleDays; ++day) {
        const Seen seen = Observe(observer, samples_.Person(person, day));
        const std::vector<float>* mean = TemplateOf(seen.observations);
        if (mean == nullptr) {
          return list_.Problem(
              "descriptor", fmt::format("person {} on day {} was not enrolled{}{}", person + 1,
                                        day + 1, seen.refusal.empty() ? "" : ": ", seen.refusal));
        }
        for (const Embedding& embedding : seen.observations.embeddings) {
          if (size == 0) size = embedding.values.size();
          if (embedding.values.size() != size) {
            return list_.Problem("descriptor", fmt::format("of {} numbers here, of {} there", size,
                                                           embedding.values.size()));
          }
          for (const float value : embedding.values) {
            if (!std::isfinite(value)) {
              return list_.Problem("descriptor", "holds a number that is not finite");
            }
          }
        }
        templates[static_cast<size_t>(person)].push_back(*mean);
      }
    }
    const auto is_zero = [](float value) { return value == 0; };
    if (size == 0 || std::all_of(templates[0][0].begin(), templates[0][0].end(), is_zero)) {
      return list_.Problem("descriptor", "is nothing but zeros");
    }
    list_.Good("descriptor", fmt::format("{} finite numbers from everybody", size));
    const double self = DescriptorDistance(*TemplateOf(first), templates[0][0], *metric_);
    if (std::abs(self) > 1e-6) {
      list_.Problem("same recording", fmt::format("is at distance {:g} from itself", self));
    } else {
      list_.Good("same recording", "is at distance 0 from itself");
    }
    std::vector<double> genuine, impostor;
    for (int a = 0; a < kSamplePeople; ++a) {
      for (int b = 0; b < kSamplePeople; ++b) {
        const auto& enrolled = templates[static_cast<size_t>(a)][0];
        const auto& probe = templates[static_cast<size_t>(b)][1];
        (a == b ? genuine : impostor).push_back(DescriptorDistance(enrolled, probe, *metric_));
      }
    }
    double in_order = 0;
    for (const double same : genuine) {
      for (const double other : impostor) {
        in_order += same < other ? 1 : same == other ? 0.5 : 0;
      }
    }
    const double pairs = static_cast<double>(genuine.size() * impostor.size());
    const std::string figure = fmt::format(
        "on another day the right person is nearer than a wrong one in {:g} of {:g} comparisons of "
        "{} rendered people",
        in_order, pairs, kSamplePeople);
    std::vector<double> all = genuine;
    all.insert(all.end(), impostor.begin(), impostor.end());
    const auto [nearest, farthest] = std::minmax_element(all.begin(), all.end());
    const std::string advice = "; are alignment, colours and range what it was trained with?";
    if (*farthest - *nearest < 1e-9) {
      list_.Problem("tells people apart",
                    "everybody is at the same distance from everybody" + advice);
    } else if (in_order <= 2 * pairs / 3) {
      list_.Note("tells people apart", figure + ", hardly better than by chance" + advice);
    } else {
      list_.Good("tells people apart", figure + ", which is no error rate");
    }
  }

  void CheckReader(const Observations& seen) {
    const std::string what = "vocabulary";
    static const std::map<std::string, std::vector<std::string>> kWords = {
        {"thyroid_orbitopathy_grade", {"mild", "moderate", "severe", "moderate_severe"}},
        {"ptosis_grade", {"mild", "moderate", "severe"}},
        {"strabismus_kind", {"esotropia", "exotropia", "hypertropia", "hypotropia"}}};
    int judged = 0;
    try {
      const Diagnosis diagnosis = ToDiagnosis(seen.readings);
      for (const Side side : kSides) {
        for (const EyeCondition condition : kEyeConditions) {
          const Finding& finding = diagnosis.At(side, condition);
          judged += finding.presence != Presence::kUnknown ? 1 : 0;
          if (finding.confidence < 0 || finding.confidence > 1) {
            return list_.Problem(what, fmt::format("the confidence of {} is {:g}, not 0 to 1",
                                                   ToString(condition), finding.confidence));
          }
          if (finding.presence != Presence::kPresent &&
              !(finding.kind.empty() && finding.grade.empty())) {
            return list_.Problem(what, fmt::format("{} has a kind or grade without being present",
                                                   ToString(condition)));
          }
        }
      }
    } catch (const DataError& error) {
      return list_.Problem(what, error.what());
    }
    for (const Reading& reading : seen.readings) {
      const auto words = kWords.find(reading.condition);
      if (words == kWords.end()) continue;
      if (std::find(words->second.begin(), words->second.end(), reading.label) !=
          words->second.end()) {
        continue;
      }
      return list_.Problem(what, fmt::format("{} is \"{}\"; known: {}", reading.condition,
                                             reading.label, Join(words->second, ", ")));
    }
    list_.Good(what,
               fmt::format("every answer is in the words of manifests; {} of 8 questions were "
                           "answered",
                           judged));
  }

  const CheckedMethod& method_;
  const ComponentInfo& info_;
  SampleMaker& samples_;
  CheckList& list_;
  std::optional<DescriptorMetric> metric_;
  bool is_reader_;
};

}  // namespace

void CheckObserver(const CheckedMethod& method, SampleMaker* samples, CheckList* list) {
  ObserverChecker(method, samples, list).CheckAll();
}

}  // namespace maskbench
