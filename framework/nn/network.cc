#include "maskbench/nn/network.h"

#include <algorithm>
#include <exception>
#include <mutex>
#include <optional>
#include <sstream>
#include <utility>

#include <ATen/Parallel.h>
#include <dlfcn.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <malloc.h>
#include <torch/script.h>
#include <torch/version.h>

#include "maskbench/core/error.h"

namespace maskbench {
namespace {

// One profiling run, one that compiles for what was profiled, one as all later ones will be.
constexpr int kWarmUpRuns = 3;

std::vector<torch::Tensor> ToTensors(const torch::jit::IValue& result) {
  if (result.isTensor()) return {result.toTensor()};
  if (!result.isTuple()) return result.toTensorVector();
  std::vector<torch::Tensor> tensors;
  for (const torch::jit::IValue& element : result.toTupleRef().elements()) {
    tensors.push_back(element.toTensor());
  }
  return tensors;
}

std::string ShapeText(const std::vector<int64_t>& shape) {
  std::string text;
  for (const int64_t length : shape) {
    text += text.empty() ? "" : ", ";
    text += length == NetworkContract::kAnyLength ? "any" : std::to_string(length);
  }
  return text;
}

// The line of LibTorch's message that says what is wrong: the interpreter puts it at the end of a
// traceback, everything else at the beginning.
std::string Reason(const std::exception& error) {
  const auto* const torch_error = dynamic_cast<const c10::Error*>(&error);
  std::istringstream lines(torch_error ? torch_error->what_without_backtrace() : error.what());
  std::string reason;
  for (std::string line; std::getline(lines, line);) {
    const bool is_interpreter_error = line.rfind("RuntimeError: ", 0) == 0;
    if (reason.empty() || is_interpreter_error) reason = line;
  }
  return reason;
}

// Activations of a megabyte come and go with every layer. By default glibc returns such memory to
// the system at once, and faulting it in again took half of the time of the larger networks.
void KeepFreedMemory() {
  static std::once_flag once;
  std::call_once(once, [] {
    mallopt(M_MMAP_THRESHOLD, 32 << 20);
    mallopt(M_TRIM_THRESHOLD, 256 << 20);
  });
}

}  // namespace

struct Network::Impl {
  NetworkContract contract;
  std::filesystem::path file;
  int batch = 1;
  torch::jit::Module module;
  // Filters in oneDNN's layout, for modules that ask for them (see TorchScriptProgram).
  std::optional<torch::jit::IValue> packed;
  std::vector<torch::jit::IValue> arguments;  // Reused: the stack of one call.

  // The fastest way on one thread, as measured: packed filters and channels-last images for
  // imported modules, which beat LibTorch's own optimisation on every built-in network; that
  // optimisation for modules from elsewhere. Neither survives saving, so it happens at every load.
  void Prepare(torch::jit::Module loaded) {
    const c10::InferenceMode inference_mode;
    if (loaded.hasattr("training")) loaded.eval();
    const auto pack = loaded.find_method("pack");
    if (!pack) {
      module = torch::jit::optimize_for_inference(loaded);
      return;
    }
    // Packing takes the layout of the images from the strides of the filters. Hence not
    // contiguous(), which leaves the strides of 1×1 filters alone: both layouts fit them.
    for (torch::Tensor buffer : loaded.buffers()) {
      if (buffer.dim() != 4) continue;
      buffer.set_data(torch::empty_like(buffer, at::MemoryFormat::ChannelsLast).copy_(buffer));
    }
    packed = (*pack)({batch});
    module = torch::jit::freeze(loaded);
  }

  std::vector<torch::Tensor> Forward(const float* input_nchw) {
    const c10::InferenceMode inference_mode;
    // The module only reads its input; from_blob merely has no const form.
    torch::Tensor input = torch::from_blob(
        const_cast<float*>(input_nchw), {batch, contract.channels, contract.height, contract.width},
        torch::kFloat32);
    if (packed) input = input.contiguous(at::MemoryFormat::ChannelsLast);
    arguments.clear();
    arguments.emplace_back(std::move(input));
    if (packed) arguments.push_back(*packed);
    try {
      return ToTensors(module.forward(arguments));
    } catch (const std::exception& error) {
      throw DataError(fmt::format("{} cannot be run as network {} on images of {}×{}: {}",
                                  file.string(), contract.name, contract.width, contract.height,
                                  Reason(error)));
    }
  }

  void CheckOutputs(const std::vector<torch::Tensor>& outputs) const {
    const bool more = contract.more_outputs && outputs.size() > contract.outputs.size();
    if (outputs.size() != contract.outputs.size() && !more) {
      throw DataError(fmt::format("{} gives {} outputs, but network {} has {}.", file.string(),
                                  outputs.size(), contract.name, contract.outputs.size()));
    }
    for (size_t i = 0; i < contract.outputs.size(); ++i) {
      std::vector<int64_t> expected = {batch};
      expected.insert(expected.end(), contract.outputs[i].shape_per_item.begin(),
                      contract.outputs[i].shape_per_item.end());
      const auto fits = [](int64_t length, int64_t wanted) {
        return wanted == NetworkContract::kAnyLength || length == wanted;
      };
      const c10::IntArrayRef sizes = outputs[i].sizes();
      if (!std::equal(sizes.begin(), sizes.end(), expected.begin(), expected.end(), fits)) {
        throw DataError(
            fmt::format("{}: output '{}' of network {} should have shape [{}], but has [{}].",
                        file.string(), contract.outputs[i].name, contract.name, ShapeText(expected),
                        fmt::join(outputs[i].sizes(), ", ")));
      }
      if (outputs[i].scalar_type() != torch::kFloat32) {
        throw DataError(fmt::format("{}: output '{}' of network {} should be float32, but is {}.",
                                    file.string(), contract.outputs[i].name, contract.name,
                                    c10::toString(outputs[i].scalar_type())));
      }
    }
  }
};

Network::Network(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Network::~Network() = default;

std::unique_ptr<Network> Network::Load(const std::filesystem::path& file,
                                       const NetworkContract& contract, int batch) {
  if (batch < 1) {
    throw Error(fmt::format("The batch size of network {} is {}; it must be at least 1.",
                            contract.name, batch));
  }
  if (!std::filesystem::exists(file)) {
    throw DataError(fmt::format("Network {} has not been imported: {} does not exist.",
                                contract.name, file.string()));
  }
  at::set_num_threads(1);
  KeepFreedMemory();
  auto impl = std::make_unique<Impl>();
  impl->contract = contract;
  impl->file = file;
  impl->batch = batch;
  try {
    impl->Prepare(torch::jit::load(file.string()));
  } catch (const std::exception& error) {
    throw DataError(fmt::format("{} is not a module that LibTorch {} can load: {}", file.string(),
                                TorchVersion(), Reason(error)));
  }
  const std::vector<float> zeros(static_cast<size_t>(batch * contract.InputElementsPerItem()));
  for (int i = 0; i < kWarmUpRuns; ++i) impl->CheckOutputs(impl->Forward(zeros.data()));
  return std::unique_ptr<Network>(new Network(std::move(impl)));
}

void Network::Run(const float* input_nchw, std::vector<Tensor>* outputs) {
  const std::vector<torch::Tensor> results = impl_->Forward(input_nchw);
  outputs->resize(impl_->contract.outputs.size());
  for (size_t i = 0; i < outputs->size(); ++i) {
    const torch::Tensor result = results[i].contiguous();
    const float* values = result.data_ptr<float>();
    Tensor& output = (*outputs)[i];
    output.shape.assign(result.sizes().begin(), result.sizes().end());
    output.values.assign(values, values + result.numel());
  }
}

const NetworkContract& Network::contract() const { return impl_->contract; }

int Network::batch() const { return impl_->batch; }

std::string TorchVersion() { return TORCH_VERSION; }

std::string BlasBoundByTorch() {
  // The dynamic linker gives LibTorch the first definition in the global scope, as dlsym does here.
  void* const sgemm = dlsym(RTLD_DEFAULT, "sgemm_");
  Dl_info info;
  if (sgemm == nullptr || dladdr(sgemm, &info) == 0 || info.dli_fname == nullptr) return "none";
  return info.dli_fname;
}

}  // namespace maskbench
