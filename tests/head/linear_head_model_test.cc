#include "maskbench/head/linear_head_model.h"

#include "head_fixtures.h"

namespace maskbench {
namespace {

// One triangle with one identity and one expression.
LinearHeadData TinyHead() {
  LinearHeadData data;
  data.name = "tiny/1";
  data.topology.vertex_count = 3;
  data.topology.faces = {{0, 1, 2, 2}};
  data.topology.mirror = {1, 0, 2};
  data.mean.resize(9);
  data.mean << 1, 0, 0, -1, 0, 0, 0, 2, 0;
  data.identity = Eigen::MatrixXf::Zero(9, 1);
  data.identity(0, 0) = 0.5F;  // x of vertex 0.
  data.expression = Eigen::MatrixXf::Zero(9, 1);
  data.expression(7, 0) = -1;  // y of vertex 2.
  data.expression_names = {"nod"};
  data.expression_range = {{0.0, 1.0}};
  return data;
}

TEST(LinearHeadModel, AddsBasesToTheMean) {
  const LinearHeadModel model(TinyHead());
  Eigen::VectorXd identity(1), expression(1);
  identity << 2;
  expression << 0.25;
  const Eigen::Matrix3Xd vertices = model.Evaluate(identity, expression);
  EXPECT_EQ(vertices.col(0), Eigen::Vector3d(2, 0, 0));
  EXPECT_EQ(vertices.col(1), Eigen::Vector3d(-1, 0, 0));
  EXPECT_EQ(vertices.col(2), Eigen::Vector3d(0, 1.75, 0));
  // Missing coefficients are zero.
  EXPECT_EQ(model.Evaluate({}, {}).col(2), Eigen::Vector3d(0, 2, 0));
}

TEST(LinearHeadModel, RefusesWhatDoesNotFit) {
  const LinearHeadModel model(TinyHead());
  ExpectError<DataError>([&] { model.Evaluate(Eigen::VectorXd::Zero(2), {}); }, {"tiny/1", "2"});

  LinearHeadData data = TinyHead();
  data.mean.conservativeResize(8);
  ExpectError<DataError>([&] { LinearHeadModel{data}; }, {"tiny/1", "mean"});
  data = TinyHead();
  data.topology.faces[0][1] = 3;
  ExpectError<DataError>([&] { LinearHeadModel{data}; }, {"tiny/1", "vertex 3", "faces"});
  data = TinyHead();
  data.topology.mirror = {1, 2, 0};
  ExpectError<DataError>([&] { LinearHeadModel{data}; }, {"tiny/1", "mirrors"});
  data = TinyHead();
  data.expression_names.clear();
  ExpectError<DataError>([&] { LinearHeadModel{data}; }, {"tiny/1", "expressions"});
}

class BuiltInModel : public testing::TestWithParam<std::string> {
 protected:
  const HeadModel& model() const { return ImportedModel(GetParam()); }
};

TEST_P(BuiltInModel, JacobianIsTheDerivative) {
  const Eigen::VectorXd identity = RandomCoefficients(model().IdentityDims(), "jacobian");
  const Eigen::VectorXd expression =
      RandomCoefficients(model().ExpressionDims(), "jacobian").cwiseAbs() * 0.3;
  const std::vector<SurfacePoint> mesh = MeshPoints(model());
  std::vector<SurfacePoint> points;
  for (size_t i = 0; i < mesh.size(); i += 37) points.push_back(mesh[i]);
  const Eigen::MatrixXd jacobian = model().Jacobian(identity, expression, points);
  ASSERT_EQ(jacobian.rows(), 3 * static_cast<Eigen::Index>(points.size()));
  ASSERT_EQ(jacobian.cols(), model().IdentityDims() + model().ExpressionDims());
  constexpr double kStep = 0.5;  // The model is linear; a long step keeps rounding small.
  for (Eigen::Index k = 0; k < jacobian.cols(); ++k) {
    const bool is_identity = k < identity.size();
    Eigen::VectorXd id[2] = {identity, identity}, ex[2] = {expression, expression};
    for (int sign = 0; sign < 2; ++sign) {
      double& coefficient = is_identity ? id[sign][k] : ex[sign][k - identity.size()];
      coefficient += sign == 0 ? kStep : -kStep;
    }
    const Eigen::Matrix3Xd difference = (LocateAll(points, model().Evaluate(id[0], ex[0])) -
                                         LocateAll(points, model().Evaluate(id[1], ex[1]))) /
                                        (2 * kStep);
    const Eigen::Map<const Eigen::VectorXd> expected(difference.data(), difference.size());
    EXPECT_LT((jacobian.col(k) - expected).cwiseAbs().maxCoeff(), 1e-3) << k;
  }
}

TEST_P(BuiltInModel, GlobesStayWhereExpressionsMoveTheFace) {
  const Eigen::VectorXd identity = RandomCoefficients(model().IdentityDims(), "globes");
  const Eigen::Matrix3Xd rest = model().Evaluate(identity, {});
  const Eigen::Matrix3Xd active =
      model().Evaluate(identity, Eigen::VectorXd::Ones(model().ExpressionDims()));
  EXPECT_GT((rest - active).colwise().norm().maxCoeff(), 5);
  Eigen::Vector3d middle = Eigen::Vector3d::Zero();
  for (const VertexStencil& globe : model().Topology().globe_centre) {
    EXPECT_LT((Locate(globe, rest) - Locate(globe, active)).norm(), 1e-4);
    middle += Locate(globe, rest) / 2;
  }
  EXPECT_LT(middle.norm(), 0.01);  // The frame's origin, for every identity.
}

TEST_P(BuiltInModel, LeftAndRightUnitsMirrorEachOther) {
  const auto& names = model().ExpressionNames();
  const auto& mirror = model().Topology().mirror;
  const auto displacement = [&](size_t unit) {
    Eigen::VectorXd expression = Eigen::VectorXd::Zero(model().ExpressionDims());
    expression[static_cast<Eigen::Index>(unit)] = 1;
    return Eigen::Matrix3Xd(model().Evaluate({}, expression) - model().Evaluate({}, {}));
  };
  int pairs = 0;
  for (size_t unit = 0; unit < names.size(); ++unit) {
    const size_t at = names[unit].find("left");
    if (at == std::string::npos) continue;
    const std::string twin = std::string(names[unit]).replace(at, 4, "right");
    const auto found = std::find(names.begin(), names.end(), twin);
    ASSERT_NE(found, names.end()) << twin;
    ++pairs;
    const Eigen::Matrix3Xd left = displacement(unit);
    const Eigen::Matrix3Xd right = displacement(static_cast<size_t>(found - names.begin()));
    EXPECT_GT(left.norm(), 1);
    for (size_t v = 0; v < mirror.size(); ++v) {
      const Eigen::Vector3d image = right.col(mirror[v]);
      // The package's units were modelled by hand.
      EXPECT_LT((left.col(static_cast<Eigen::Index>(v)) -
                 Eigen::Vector3d(-image.x(), image.y(), image.z()))
                    .norm(),
                0.8)
          << names[unit];
    }
  }
  EXPECT_GE(pairs, 5);
}

INSTANTIATE_TEST_SUITE_P(All, BuiltInModel, testing::Values("parametric", "canonical468"));

TEST(ParametricModel, TakesAsManyDimensionsAsAsked) {
  const auto file = ParametricHeadFile(ModelsFolder());
  const auto small = LoadParametricHeadModel(file, 10);
  EXPECT_EQ(small->IdentityDims(), 10);
  EXPECT_NE(small->Name(), ImportedModel("parametric").Name());
  const Eigen::VectorXd identity = RandomCoefficients(10, "dims");
  EXPECT_LT((small->Evaluate(identity, {}) - ImportedModel("parametric").Evaluate(identity, {}))
                .cwiseAbs()
                .maxCoeff(),
            1e-4);
  ExpectError<UsageError>([&] { LoadParametricHeadModel(file, 81); }, {"81", "80"});
}

TEST(HeadRegistry, KnowsTheBuiltInModels) {
  ExpectError<UsageError>([] { MakeHeadModel("flame", "models"); },
                          {"flame", "parametric", "canonical468"});
  EXPECT_EQ(ImportedModel("parametric").Name(), "parametric/1");
  EXPECT_EQ(ImportedModel("canonical468").Name(), "canonical468/1");
}

}  // namespace
}  // namespace maskbench
