// The posed face of a mask: it measures what the parameters say, whoever's shape it has and
// whatever expression it shows.
#include "maskbench/masking/mask_face.h"

#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "maskbench/core/error.h"
#include "maskbench/core/rng.h"
#include "maskbench/head/head_registry.h"
#include "maskbench/masking/face_policy.h"
#include "maskbench/masking/mask_switches.h"

#include "masking/mask_fixtures.h"
#include "masking/mask_truth.h"

namespace maskbench {
namespace {

/// Expressions of a model that move brows, lips and jaw.
std::vector<std::string> Moving(const std::string& model) {
  if (model == "parametric")
    return {"mouth-open", "mouth-corner-puller", "eyebrows-left-up", "eyebrows-right-down"};
  return {"jaw_open", "mouth_wide", "brow_up_left", "brow_up_right"};
}

/// A header as a policy and the fit make it: somebody of the model's own coefficients.
MaskHeader HeaderOf(const std::string& model, const std::string& policy) {
  MaskHeader header = TestMaskHeader(model);
  header.policy = policy == "spaced" ? "fitted" : policy;
  header.expressions = Moving(model);
  const auto head = MakeHeadModel(model, ModelsFolder());
  FaceIdentity patient;
  patient.known = true;
  patient.identity = Eigen::VectorXd::Zero(head->IdentityDims());
  NamedRandom random(3, "somebody", "identity");
  for (int k = 0; k < 40; ++k) patient.identity[k] = random.Normal();
  patient.scale = 0.94;
  FacePolicyOptions options;
  options.secret = Secret::FromText("whose face is shown");
  FaceShape face = FindFacePolicy(header.policy).choose({*head, &patient, 1, "r1", options});
  if (policy == "spaced") {  // Eyes far apart.
    MaskSwitches switches;
    switches.eye_spacing = "patient";
    SpaceEyes(switches, 71, *head, &face);
  }
  header.identity = face.identity;
  header.scale = face.scale;
  return header;
}

/// One face for all tests of a process.
const MaskFace& FaceOf(const std::string& model, const std::string& policy) {
  static std::map<std::pair<std::string, std::string>, std::unique_ptr<MaskFace>> faces;
  std::unique_ptr<MaskFace>& face = faces[{model, policy}];
  if (!face) face = std::make_unique<MaskFace>(HeaderOf(model, policy), ModelsFolder());
  return *face;
}

class MaskFaceTest : public testing::TestWithParam<std::tuple<const char*, const char*>> {
 protected:
  MaskHeader header_ = HeaderOf(std::get<0>(GetParam()), std::get<1>(GetParam()));
  const MaskFace& face_ = FaceOf(std::get<0>(GetParam()), std::get<1>(GetParam()));
};

TEST_P(MaskFaceTest, MeasuresWhatTheParametersSay) {
  for (const std::vector<double>& expression :
       {std::vector<double>(4, 0.0), {0.6, 0, 0.5, 0.5}, {0, 0.8, 0.9, 0.2}}) {
    for (MaskFrame frame : Poses()) {
      frame.expression = expression;
      const MaskFace::Posed posed = face_.Pose(header_, frame);
      const Actor::Posed state = face_.actor().Pose(posed.pose);
      const auto eyes = Truth(face_, posed);
      for (const Side side : kSides) {
        const size_t s = static_cast<size_t>(side);
        SCOPED_TRACE(testing::Message()
                     << ToString(side) << " eye, yaw " << frame.yaw_deg << ", elevation "
                     << frame.eyes[s].elevation_deg << ", expression " << expression[0]);
        EXPECT_FALSE(posed.unreached[s]);
        const Eigen::Vector2d distances = MarginDistances(frame, eyes[s]);
        EXPECT_NEAR(distances.x(), frame.eyes[s].mrd1_mm, 0.03);
        EXPECT_NEAR(distances.y(), frame.eyes[s].mrd2_mm, 0.03);
        const Eigen::Vector2d axis =
            AxisAgainstCamera(eyes[s], posed.pose.head * state.eyes[s].globe_centre_mm);
        EXPECT_NEAR(axis.x(), frame.eyes[s].azimuth_deg, 0.05);
        EXPECT_NEAR(axis.y(), frame.eyes[s].elevation_deg, 0.05);
      }
      // The head's place, and the size of an iris that looks into the camera.
      const Eigen::Vector3d between = 0.5 * (posed.pose.head * state.eyes[0].globe_centre_mm +
                                             posed.pose.head * state.eyes[1].globe_centre_mm);
      const Eigen::Vector2d place = posed.camera.Project(between);
      EXPECT_NEAR(place.x(), frame.place_px.x, 0.05);
      EXPECT_NEAR(place.y(), frame.place_px.y, 0.05);
      if (frame.yaw_deg == 0 && frame.eyes[0].elevation_deg == 0 && frame.place_px.x > 239) {
        EXPECT_NEAR(2 * eyes[0].iris.radii_px.maxCoeff() / frame.px_per_mm, 11.7, 0.35);
      }
    }
  }
}

TEST_P(MaskFaceTest, ShowsItsExpressionsAndNothingElseMoves) {
  const auto model = MakeHeadModel(header_.model, ModelsFolder());
  const auto& places = model->Topology().mesh468;
  MaskFrame frame = TestMaskFrame();
  frame.expression.assign(4, 0);
  const MaskFace::Posed rest = face_.Pose(header_, frame);
  const Eigen::Matrix3Xd still = face_.actor().Pose(rest.pose).model_vertices;
  frame.expression[0] = 0.5;
  const MaskFace::Posed open = face_.Pose(header_, frame);
  const Eigen::Matrix3Xd moved = face_.actor().Pose(open.pose).model_vertices;
  const auto gap = [&](const Eigen::Matrix3Xd& vertices) {
    return (Locate(*places[13], vertices) - Locate(*places[14], vertices)).norm();
  };
  EXPECT_GT(gap(moved), gap(still) + 4);
  // Globes and head stay.
  const auto centre = [&](const Eigen::Matrix3Xd& vertices) {
    return Locate(model->Topology().globe_centre[0], vertices);
  };
  EXPECT_LT((centre(moved) - centre(still)).norm(), 1e-6);
  EXPECT_EQ(rest.pose.head.rotation, open.pose.head.rotation);
  EXPECT_EQ(rest.pose.head.translation_mm, open.pose.head.translation_mm);
}

INSTANTIATE_TEST_SUITE_P(Faces, MaskFaceTest,
                         testing::Combine(testing::Values("parametric", "canonical468"),
                                          testing::Values("mean", "fitted", "truncated", "k_same",
                                                          "private", "spaced")),
                         [](const auto& test) {
                           return std::string(std::get<0>(test.param)) + "_" +
                                  std::get<1>(test.param);
                         });

TEST(MaskFace, HasTheShapeThatTheHeaderSays) {
  for (const char* name : {"parametric", "canonical468"}) {
    const MaskHeader header = HeaderOf(name, "fitted");
    const auto model = MakeHeadModel(name, ModelsFolder());
    const Eigen::Map<const Eigen::VectorXd> identity(
        header.identity.data(), static_cast<Eigen::Index>(header.identity.size()));
    const Eigen::Matrix3Xd said = header.scale * model->Evaluate(identity, {}),
                           mean = model->Evaluate({}, {});
    MaskFrame frame = TestMaskFrame();
    frame.expression.assign(4, 0);
    const auto shown = [&](const std::string& policy) {
      const MaskFace& face = FaceOf(name, policy);
      return face.actor().Pose(face.Pose(HeaderOf(name, policy), frame).pose).model_vertices;
    };
    EXPECT_LT((shown("fitted") - said).cwiseAbs().maxCoeff(), 1e-3);
    EXPECT_LT((shown("mean") - mean).cwiseAbs().maxCoeff(), 1e-3);
    EXPECT_GT((said - mean).cwiseAbs().maxCoeff(), 5);
  }
}

TEST(MaskFace, RefusesWhatTheModelLacks) {
  MaskHeader header = TestMaskHeader();
  header.expressions = {"wink"};
  EXPECT_THROW(MaskFace(header, ModelsFolder()), DataError);
  header = TestMaskHeader();
  header.identity.assign(500, 0);
  EXPECT_THROW(MaskFace(header, ModelsFolder()), DataError);
}

}  // namespace
}  // namespace maskbench
