#include "experiments/training/learned_reader/parameter_step.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "maskbench/core/error.h"

namespace maskbench::training {

using torch::Tensor;

GraphTraining::GraphTraining(LayerGraph graph, const Options& options)
    : options_(options), graph_(std::move(graph)) {
  for (const Tensor& parameter : graph_.parameters()) {
    first_.push_back(torch::zeros_like(parameter));
    second_.push_back(torch::zeros_like(parameter));
    average_.push_back(parameter.detach().clone());
  }
  for (const Tensor& tensor : graph_.statistics()) statistics_.push_back(tensor.clone());
}

void GraphTraining::Step(const Tensor& loss) {
  const std::vector<Tensor> gradients = torch::autograd::grad({loss}, graph_.parameters());
  const torch::NoGradGuard no_gradients;
  constexpr double kFirst = 0.9, kSecond = 0.99, kEpsilon = 1e-8, kLongest = 5, kLastShare = 0.01;
  double squares = 0;
  for (const Tensor& gradient : gradients) squares += gradient.square().sum().item<double>();
  const double clip = std::min(1.0, kLongest / std::sqrt(squares + 1e-12));
  const double warm = std::min(1.0, (step_ + 1.0) / options_.warm_up);
  const double rate =
      options_.learning_rate * warm *
      (kLastShare + (1 - kLastShare) * 0.5 * (1 + std::cos(M_PI * step_ / options_.steps)));
  const double keep = std::min(0.998, (1.0 + step_) / (10.0 + step_));
  const double c1 = 1 - std::pow(kFirst, step_ + 1), c2 = 1 - std::pow(kSecond, step_ + 1);
  for (size_t k = 0; k < gradients.size(); ++k) {
    const Tensor gradient = gradients[k] * clip;
    first_[k].mul_(kFirst).add_(gradient, 1 - kFirst);
    second_[k].mul_(kSecond).addcmul_(gradient, gradient, 1 - kSecond);
    Tensor parameter = graph_.parameters()[k];
    if (graph_.decays()[k]) parameter.mul_(1 - rate * options_.weight_decay);
    parameter.addcdiv_(first_[k], (second_[k] / c2).sqrt_().add_(kEpsilon), -rate / c1);
    average_[k].mul_(keep).add_(parameter, 1 - keep);
  }
  TrainableGraph::Statistics kept;
  for (const Tensor& tensor : statistics_) kept.push_back(tensor.detach().clone());
  graph_.SetStatistics(std::move(kept));
  ++step_;
}

void GraphTraining::WithAverage(const std::function<void()>& look) {
  const torch::NoGradGuard no_gradients;
  std::vector<Tensor> kept;
  for (size_t k = 0; k < average_.size(); ++k) {
    Tensor parameter = graph_.parameters()[k];
    kept.push_back(parameter.detach().clone());
    parameter.copy_(average_[k]);
  }
  look();
  for (size_t k = 0; k < kept.size(); ++k) {
    Tensor parameter = graph_.parameters()[k];
    parameter.copy_(kept[k]);
  }
}

std::vector<Tensor> GraphTraining::State() const {
  std::vector<Tensor> all;
  const std::vector<const std::vector<Tensor>*> lists = {
      &graph_.parameters(), &statistics_, &graph_.statistics(), &first_, &second_, &average_};
  for (const std::vector<Tensor>* list : lists)
    for (const Tensor& tensor : *list) all.push_back(tensor.detach());
  return all;
}

void GraphTraining::Save(const std::filesystem::path& file, const Json& history) const {
  std::vector<Tensor> all = State();
  all.push_back(torch::tensor(static_cast<int64_t>(step_)));
  std::filesystem::path part = file;
  part += ".part";
  torch::save(all, part.string());
  std::filesystem::rename(part, file);
  WriteJsonFile(std::filesystem::path(file).replace_extension(".json"), history);
}

void GraphTraining::Load(const std::filesystem::path& file, Json* history) {
  if (!std::filesystem::exists(file)) return;
  const torch::NoGradGuard no_gradients;
  std::vector<Tensor> saved, own = State();
  torch::load(saved, file.string());
  bool same = saved.size() == own.size() + 1;
  for (size_t k = 0; same && k < own.size(); ++k) same = saved[k].sizes() == own[k].sizes();
  if (!same) throw DataError(fmt::format("{} is a checkpoint of another network.", file.string()));
  for (size_t k = 0; k < own.size(); ++k) own[k].copy_(saved[k]);
  step_ = static_cast<int>(saved.back().item<int64_t>());
  const auto log = std::filesystem::path(file).replace_extension(".json");
  if (std::filesystem::exists(log)) *history = ReadJsonFile(log);
}

}  // namespace maskbench::training
