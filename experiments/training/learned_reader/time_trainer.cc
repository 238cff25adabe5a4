#include "experiments/training/learned_reader/time_trainer.h"

#include <algorithm>
#include <cmath>
#include <map>

#include <ATen/Parallel.h>
#include <fmt/format.h>

#include "maskbench/core/error.h"
#include "maskbench/stats/roc_area.h"

#include "experiments/training/learned_reader/parameter_step.h"

namespace maskbench::training {
namespace {

using torch::Tensor;

// Eyes that have a condition are the fewer; of strabismus the deviating eye alone.
constexpr double kPresentWeight[kReaderConditions] = {1.5, 1.5, 3.0, 1.5};
constexpr double kKindShare = 0.25;

/// Windows of several eyes' readings, and how many each has.
struct Examples {
  Tensor windows;
  std::vector<int64_t> counts;
  std::vector<const EyeLabels*> labels;
};

void AddExample(const std::vector<ReaderStep>& steps, int side, const EyeLabels& labels,
                std::vector<float>* input, Examples* examples) {
  const std::vector<int> firsts = ReaderWindows(static_cast<int>(steps.size()));
  constexpr size_t kInput = size_t{kReaderChannels} * kReaderSteps;
  for (const int first : firsts) {
    input->resize(input->size() + kInput);
    FillReaderWindow(steps, first, side, input->data() + (input->size() - kInput));
  }
  examples->counts.push_back(static_cast<int64_t>(firsts.size()));
  examples->labels.push_back(&labels);
}

Tensor ToTensor(const std::vector<float>& input) {
  return torch::tensor(input, torch::kFloat32).view({-1, kReaderChannels, kReaderSteps, 1});
}

/// As PoolReaderWindows, for training: examples × kReaderTimeValues.
Tensor Pool(const Tensor& values, const std::vector<int64_t>& counts) {
  std::vector<int64_t> weights;
  for (int k = 0; k < kReaderTimeValues; ++k)
    weights.push_back(kReaderWeight + ReaderConditionOf(k));
  const Tensor by_value = values.index_select(1, torch::tensor(weights));
  std::vector<Tensor> rows;
  int64_t at = 0;
  for (const int64_t count : counts) {
    const Tensor share = torch::softmax(by_value.narrow(0, at, count), 0);
    rows.push_back((share * values.narrow(0, at, count)).sum(0));
    at += count;
  }
  return torch::stack(rows);
}

Tensor Loss(const Tensor& pooled, const std::vector<const EyeLabels*>& labels) {
  Tensor loss = torch::zeros({});
  std::vector<float> present, weight;
  for (const EyeLabels* eye : labels)
    for (int c = 0; c < kReaderConditions; ++c) {
      const bool here = eye->present[static_cast<size_t>(c)];
      present.push_back(here ? 1.0F : 0.0F);
      weight.push_back(here ? static_cast<float>(kPresentWeight[c]) : 1.0F);
    }
  const auto table = [&](const std::vector<float>& values) {
    return torch::tensor(values).view({-1, kReaderConditions});
  };
  loss = loss + kReaderConditions * torch::binary_cross_entropy_with_logits(
                                        pooled.narrow(1, kReaderPresence, kReaderConditions),
                                        table(present), table(weight), {}, at::Reduction::Mean);
  // Grades and kinds of the eyes that have them.
  for (size_t k = 0; k < labels.size(); ++k) {
    const EyeLabels& eye = *labels[k];
    const Tensor row = pooled[static_cast<int64_t>(k)];
    Tensor more = torch::zeros({});
    const auto grade = [&](int from, int count, int level) {
      std::vector<float> reached;
      for (int step = 0; step < count; ++step) reached.push_back(level > step ? 1.0F : 0.0F);
      more = more + torch::binary_cross_entropy_with_logits(row.narrow(0, from, count),
                                                            torch::tensor(reached), {}, {},
                                                            at::Reduction::Mean);
    };
    const auto kind = [&](int from, int count, int which) {
      more = more - torch::log_softmax(row.narrow(0, from, count), 0)[which];
    };
    if (eye.ptosis_grade >= 0) grade(kReaderPtosisGrade, 2, eye.ptosis_grade);
    if (eye.orbitopathy_grade >= 0) grade(kReaderOrbitopathyGrade, 1, eye.orbitopathy_grade);
    if (eye.strabismus_kind >= 0)
      kind(kReaderStrabismusKind, kReaderStrabismusKinds, eye.strabismus_kind);
    if (eye.nystagmus_kind >= 0)
      kind(kReaderNystagmusKind, kReaderNystagmusKinds, eye.nystagmus_kind);
    loss = loss + kKindShare / static_cast<double>(labels.size()) * more;
  }
  return loss;
}

/// Areas under the ROC curve, condition by condition.
std::vector<double> Validate(const TrainableGraph& graph, const std::vector<ReaderCase>& cases) {
  std::vector<float> input;
  Examples examples;
  std::vector<int> patients;
  for (size_t k = 0; k < cases.size(); ++k)
    for (int side = 0; side < 2; ++side) {
      AddExample(cases[k].readings.at(0), side, cases[k].labels[static_cast<size_t>(side)], &input,
                 &examples);
      patients.push_back(static_cast<int>(k));
    }
  const torch::NoGradGuard no_gradients;
  const Tensor pooled = Pool(graph.Forward(ToTensor(input), nullptr)[0], examples.counts);
  std::vector<double> areas;
  for (int c = 0; c < kReaderConditions; ++c) {
    std::vector<ScoredEye> eyes;
    for (size_t k = 0; k < examples.labels.size(); ++k)
      eyes.push_back({patients[k], examples.labels[k]->present[static_cast<size_t>(c)],
                      pooled[static_cast<int64_t>(k)][c].item<double>()});
    areas.push_back(ClusteredRocArea(eyes).value);
  }
  return areas;
}

}  // namespace

TrainedTimeNetwork TrainTimeNetwork(
    const std::vector<ReaderCase>& recordings, const std::vector<ReaderCase>& examinations,
    const std::vector<ReaderCase>& validation, const TimeTrainingOptions& options,
    const std::filesystem::path& checkpoint,
    const std::function<void(int, int, const std::string&)>& progress) {
  at::set_num_threads(1);
  std::map<std::string, std::vector<const ReaderCase*>> donors;
  for (const ReaderCase& recording : recordings) {
    if (recording.readings.empty())
      throw DataError(fmt::format("{} has not been read.", recording.patient));
    donors[recording.condition].push_back(&recording);
  }
  GraphTraining::Options learning;
  learning.steps = options.steps;
  learning.warm_up = std::min(150, options.steps / 4 + 1);
  learning.weight_decay = 0.05;
  GraphTraining now(BuildReaderTime(options.seed), learning);
  TrainedTimeNetwork result;
  now.Load(checkpoint, &result.history);
  double loss_sum = 0;
  int counted = 0;
  while (!now.done()) {
    NamedRandom random(options.seed, fmt::format("step {}", now.step()), "reader readings");
    std::vector<float> input;
    Examples examples;
    const auto one_of = [&random](size_t count) {
      return static_cast<size_t>(random.Below(static_cast<std::uint32_t>(count)));
    };
    for (int k = 0; k < options.batch; ++k) {
      const int side = static_cast<int>(random.Below(2));
      const bool read = examinations.empty() || random.Uniform() < options.read_share;
      const ReaderCase& example =
          read ? recordings[one_of(recordings.size())] : examinations[one_of(examinations.size())];
      std::vector<ReaderStep> steps;
      if (read) {
        steps = example.readings[one_of(example.readings.size())];
      } else {
        const auto& same = donors[example.condition];
        const ReaderCase& donor =
            same.empty() ? recordings[one_of(recordings.size())] : *same[one_of(same.size())];
        steps =
            BorrowErrors(example, donor, donor.readings[one_of(donor.readings.size())], &random);
      }
      AddExample(ChangeReading(steps, &random), side, example.labels[static_cast<size_t>(side)],
                 &input, &examples);
    }
    const Tensor values = now.graph().Forward(ToTensor(input), now.statistics())[0];
    const Tensor loss = Loss(Pool(values, examples.counts), examples.labels);
    loss_sum += loss.item<double>();
    ++counted;
    now.Step(loss);
    const bool validating = now.done() || now.step() % options.validate_every == 0;
    if (!validating && now.step() % options.log_every != 0) continue;
    Json entry = {{"step", now.step()}, {"loss", loss_sum / counted}};
    std::string what = fmt::format("loss {:.3f}", loss_sum / counted);
    loss_sum = counted = 0;
    if (validating) {
      std::vector<double> areas;
      now.WithAverage([&] { areas = Validate(now.graph(), validation); });
      entry["validation_auc"] = areas;
      what +=
          fmt::format(", AUC {:.3f} {:.3f} {:.3f} {:.3f}", areas[0], areas[1], areas[2], areas[3]);
    }
    result.history.push_back(entry);
    progress(now.step(), options.steps, what);
    if (validating) now.Save(checkpoint, result.history);
  }
  result.graph = now.Delivered();
  return result;
}

}  // namespace maskbench::training
