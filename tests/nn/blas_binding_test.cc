// Ceres pulls in ATLAS, whose GEMM is many times slower than OpenBLAS; which one LibTorch calls
// depends on link order alone. This program links both and looks.
#include <ceres/ceres.h>
#include <dlfcn.h>
#include <gtest/gtest.h>

#include "maskbench/nn/network.h"

namespace maskbench {
namespace {

struct ShiftedSquare {
  template <class T>
  bool operator()(const T* x, T* residual) const {
    residual[0] = x[0] - T(3.0);
    return true;
  }
};

TEST(BlasBinding, TorchCallsOpenBlasInAProgramThatAlsoUsesCeres) {
  double x = 0;
  ceres::Problem problem;
  problem.AddResidualBlock(new ceres::AutoDiffCostFunction<ShiftedSquare, 1, 1>(new ShiftedSquare),
                           nullptr, &x);
  ceres::Solver::Options options;
  options.logging_type = ceres::SILENT;
  ceres::Solver::Summary summary;
  ceres::Solve(options, &problem, &summary);
  ASSERT_NEAR(x, 3, 1e-6);  // Ceres is linked and works.
  EXPECT_NE(BlasBoundByTorch().find("openblas"), std::string::npos)
      << "LibTorch's sgemm_ comes from " << BlasBoundByTorch();
}

}  // namespace
}  // namespace maskbench
