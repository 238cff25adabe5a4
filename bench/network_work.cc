#include "network_work.h"

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include <ATen/record_function.h>
#include <torch/script.h>

#include "maskbench/core/error.h"
#include "maskbench/core/runtime.h"

extern "C" void sgemm_(const char* transpose_a, const char* transpose_b, const int* m, const int* n,
                       const int* k, const float* alpha, const float* a, const int* lda,
                       const float* b, const int* ldb, const float* beta, float* c, const int* ldc);

namespace maskbench {
namespace {

double g_operations = 0;

/// How many products each number of the output takes (of a transposed convolution: of the input).
struct Products : at::ObserverContext {
  int64_t per_number = 0;
  int64_t numbers = 0;  ///< 0: as many as the output has.
};

std::unique_ptr<at::ObserverContext> LookAtInputs(const at::RecordFunction& function) {
  const std::string name = function.name();
  const auto inputs = function.inputs();
  auto products = std::make_unique<Products>();
  const auto convolve = [&](const at::Tensor& weight) {
    products->per_number = weight.numel() / weight.size(0);
  };
  if (name == "mkldnn_prepacked::conv2d_run") {
    // Given as the interpreter's stack: what lies below the operation's two inputs is not its own.
    const auto packed = inputs[inputs.size() - 1].toObject();
    const at::IValue state = packed->type()->getMethod("__getstate__")({packed});
    convolve(state.toTuple()->elements()[0].toTensor());
  } else if (name == "aten::convolution") {
    convolve(inputs[1].toTensor());
    if (inputs[6].toBool()) products->numbers = inputs[0].toTensor().numel();
  } else if (name == "aten::addmm") {
    products->per_number = inputs[1].toTensor().size(-1);
  } else if (name == "aten::mm" || name == "aten::bmm") {
    products->per_number = inputs[0].toTensor().size(-1);
  }
  return products;
}

void Count(const at::RecordFunction& function, at::ObserverContext* context) {
  const auto* products = static_cast<Products*>(context);
  if (products == nullptr || products->per_number == 0) return;
  const int64_t numbers =
      products->numbers > 0 ? products->numbers : function.outputs()[0].toTensor().numel();
  g_operations += 2.0 * static_cast<double>(products->per_number) * static_cast<double>(numbers);
}

}  // namespace

double NetworkOperations(const std::filesystem::path& file, const NetworkContract& contract,
                         int batch) {
  const at::NoGradGuard no_gradients;
  const std::vector<int64_t> shape = {batch, contract.channels, contract.height, contract.width};
  try {
    torch::jit::Module module = torch::jit::load(file.string());
    if (module.hasattr("training")) module.eval();
    const torch::Tensor input = torch::full(shape, 0.5F);
    std::vector<torch::jit::IValue> arguments = {input};
    if (const auto pack = module.find_method("pack")) arguments.push_back((*pack)({batch}));
    g_operations = 0;
    const at::CallbackHandle handle = at::addThreadLocalCallback(
        at::RecordFunctionCallback(LookAtInputs, Count).needsInputs(true).needsOutputs(true));
    module.forward(arguments);
    at::removeCallback(handle);
  } catch (const c10::Error& error) {
    throw DataError("Network " + file.string() + " cannot be counted: " + error.msg());
  }
  return g_operations;
}

double ProductSpeed() {
  static const double speed = [] {
    const int n = 1024;
    const std::vector<float> a(static_cast<size_t>(n) * n, 0.5F);
    std::vector<float> c(a.size());
    const float one = 1, zero = 0;
    double best = 0;
    for (int i = 0; i < 8; ++i) {
      const double start = ThreadCpuSeconds();
      sgemm_("T", "N", &n, &n, &n, &one, a.data(), &n, a.data(), &n, &zero, c.data(), &n);
      best = std::max(best, 2.0 * n * n * n / (ThreadCpuSeconds() - start));
    }
    return best;
  }();
  return speed;
}

}  // namespace maskbench
