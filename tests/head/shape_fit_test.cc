#include "maskbench/head/shape_fit.h"

#include <cmath>

#include <Eigen/Geometry>

#include "head_fixtures.h"

namespace maskbench {
namespace {

Similarity SomePose(double scale) {
  Similarity pose;
  pose.scale = scale;
  pose.rotation = Eigen::AngleAxisd(0.4, Eigen::Vector3d(1, 2, 3).normalized()).toRotationMatrix();
  pose.translation_mm = {10, -20, 600};
  return pose;
}

TEST(Align, FindsAKnownSimilarity) {
  const Eigen::Matrix3Xd points = 30 * Eigen::Matrix3Xd::Random(3, 12);
  for (const double scale : {1.0, 1.3}) {
    const Similarity truth = SomePose(scale);
    const Similarity found = Align(points, truth * points, scale != 1);
    EXPECT_NEAR(found.scale, truth.scale, 1e-9);
    EXPECT_LT((found.rotation - truth.rotation).norm(), 1e-9);
    EXPECT_LT((found.translation_mm - truth.translation_mm).norm(), 1e-9);
  }
}

TEST(Align, NeverMirrors) {
  Eigen::Matrix3Xd points = Eigen::Matrix3Xd::Random(3, 12);
  Eigen::Matrix3Xd image = points;
  image.row(0) *= -1;
  EXPECT_NEAR(Align(points, image).rotation.determinant(), 1, 1e-9);
}

TEST(Align, ObeysWeights) {
  Eigen::Matrix3Xd points = Eigen::Matrix3Xd::Random(3, 12);
  Eigen::Matrix3Xd targets = SomePose(1) * points;
  targets.col(5) += Eigen::Vector3d(40, 0, 0);
  Eigen::VectorXd weights = Eigen::VectorXd::Ones(12);
  weights[5] = 0;
  EXPECT_LT((Align(points, targets, false, weights).rotation - SomePose(1).rotation).norm(), 1e-9);
}

class FitOwnSample : public testing::TestWithParam<std::string> {};

TEST_P(FitOwnSample, RecoversCoefficientsAndPose) {
  const HeadModel& model = ImportedModel(GetParam());
  std::vector<SurfacePoint> points;
  for (int v = 0; v < model.Topology().vertex_count; v += model.Topology().vertex_count / 400) {
    points.push_back(AtVertex(v));
  }
  const Eigen::VectorXd identity = RandomCoefficients(model.IdentityDims(), "own sample");
  Eigen::VectorXd expression(model.ExpressionDims());
  NamedRandom random(7, "own sample", "expression");
  for (double& value : expression) value = random.Uniform();
  const Eigen::Matrix3Xd targets =
      SomePose(1) * LocateAll(points, model.Evaluate(identity, expression));
  ShapeFitOptions options;
  options.identity_prior_mm2 = options.expression_prior_mm2 = 0;
  options.iterations = 30;
  const ShapeFit fit = FitShape(model, points, targets, options);
  EXPECT_LT(fit.rms_mm, 1e-3);
  EXPECT_LT((fit.identity - identity).cwiseAbs().maxCoeff(), 0.01);
  EXPECT_LT((fit.expression - expression).cwiseAbs().maxCoeff(), 0.01);
  EXPECT_LT((fit.pose.rotation - SomePose(1).rotation).norm(), 1e-4);
  EXPECT_LT((fit.pose.translation_mm - SomePose(1).translation_mm).norm(), 0.01);
}

INSTANTIATE_TEST_SUITE_P(All, FitOwnSample, testing::Values("parametric", "canonical468"));

// Each model explains the other's random heads at the 468 points, shape and rigid pose alone.
TEST(FitShape, BuiltInModelsFitEachOther) {
  struct Case {
    const char *from, *to;
    double rms_mm;
  };
  for (const Case& c :
       {Case{"parametric", "canonical468", 2.0}, Case{"canonical468", "parametric", 3.3}}) {
    const HeadModel &from = ImportedModel(c.from), &to = ImportedModel(c.to);
    double sum = 0, sum_of_mean_shape = 0;
    constexpr int kHeads = 8;
    for (int i = 0; i < kHeads; ++i) {
      const Eigen::Matrix3Xd targets =
          LocateAll(MeshPoints(from),
                    from.Evaluate(RandomCoefficients(from.IdentityDims(), std::to_string(i)), {}));
      sum += FitShape(to, MeshPoints(to), targets).rms_mm / kHeads;
      ShapeFitOptions pose_only;
      pose_only.fit_identity = pose_only.fit_expression = false;
      sum_of_mean_shape += FitShape(to, MeshPoints(to), targets, pose_only).rms_mm / kHeads;
    }
    EXPECT_LT(sum, c.rms_mm) << c.from << " by " << c.to;
    EXPECT_LT(sum, 0.5 * sum_of_mean_shape) << c.from << " by " << c.to;
  }
}

TEST(FitShape, PriorHoldsCoefficientsBack) {
  const HeadModel& model = ImportedModel("canonical468");
  const Eigen::Matrix3Xd targets = LocateAll(
      MeshPoints(model), model.Evaluate(RandomCoefficients(model.IdentityDims(), "prior"), {}));
  double last = 1e9;
  for (const double prior : {0.1, 10.0, 1e3, 1e6}) {
    ShapeFitOptions options;
    options.identity_prior_mm2 = options.expression_prior_mm2 = prior;
    const double size = FitShape(model, MeshPoints(model), targets, options).identity.norm();
    EXPECT_LT(size, last);
    last = size;
  }
  EXPECT_LT(last, 0.1);
}

TEST(FitShape, ExpressionsStayInRange) {
  const HeadModel& model = ImportedModel("canonical468");
  Eigen::VectorXd beyond = Eigen::VectorXd::Constant(model.ExpressionDims(), -0.5);
  beyond[0] = 2;  // jaw_open
  const Eigen::Matrix3Xd targets = LocateAll(MeshPoints(model), model.Evaluate({}, beyond));
  ShapeFitOptions options;
  options.fit_identity = false;
  options.expression_prior_mm2 = 0.01;
  const ShapeFit held = FitShape(model, MeshPoints(model), targets, options);
  EXPECT_NEAR(held.expression[0], 1, 1e-9);
  EXPECT_GE(held.expression.minCoeff(), -1e-9);
  EXPECT_EQ(held.identity.norm(), 0);
  options.keep_expression_range = false;
  EXPECT_NEAR(FitShape(model, MeshPoints(model), targets, options).expression[0], 2, 0.01);
}

TEST(FitShape, FindsTheScaleWhenAsked) {
  const HeadModel& model = ImportedModel("parametric");
  const Eigen::Matrix3Xd targets =
      SomePose(0.1) * LocateAll(MeshPoints(model), model.Evaluate({}, {}));
  ShapeFitOptions options;
  options.fit_scale = true;
  const ShapeFit fit = FitShape(model, MeshPoints(model), targets, options);
  EXPECT_NEAR(fit.pose.scale, 0.1, 1e-3);
  EXPECT_LT(fit.rms_mm, 0.01);
  EXPECT_EQ(fit.distances_mm.size(), 468);
}

TEST(FitShape, RefusesTooFewOrUnequalPoints) {
  const HeadModel& model = ImportedModel("canonical468");
  ExpectError<UsageError>(
      [&] {
        FitShape(model, {AtVertex(0), AtVertex(1)}, Eigen::Matrix3Xd::Zero(3, 2));
      },
      {"2 points"});
  ExpectError<UsageError>([&] { FitShape(model, MeshPoints(model), Eigen::Matrix3Xd::Zero(3, 5)); },
                          {"468", "5"});
}

}  // namespace
}  // namespace maskbench
