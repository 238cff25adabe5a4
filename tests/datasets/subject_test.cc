// Drawn people: as different as people are, and with lids that work.
#include "datasets/virtual_clinic/subject.h"

#include <array>
#include <cmath>
#include <cstdlib>
#include <map>

#include <gtest/gtest.h>

#include "maskbench/stats/agreement.h"

#include "datasets/the_studio.h"
#include "datasets/virtual_clinic/face_shape.h"
#include "datasets/virtual_clinic/studio.h"

namespace maskbench::virtual_clinic {
namespace {

Subject Draw(std::uint64_t seed, int index) {
  return DrawSubject(TheStudio().head(), seed, "s" + std::to_string(index),
                     EvenStratum(seed, index));
}

TEST(Subject, IsAFunctionOfItsArguments) {
  const Subject one = Draw(31, 4), same = Draw(31, 4), other = Draw(32, 4);
  const ParametricHead& head = TheStudio().head();
  EXPECT_EQ(SubjectShape(head, one), SubjectShape(head, same));
  EXPECT_EQ(one.skin.seed, same.skin.seed);
  EXPECT_EQ(one.hair_style, same.hair_style);
  EXPECT_GT((SubjectShape(head, one) - SubjectShape(head, other)).norm(), 1);
  EXPECT_NE(one.skin.seed, other.skin.seed);
}

TEST(Subject, TheWithheldPartIsOutOfTheHeadModelsReach) {
  const ParametricHead& head = TheStudio().head();
  for (int k = 0; k < 6; ++k) {
    const Subject subject = Draw(31, k);
    EXPECT_GE(subject.withheld_rms_mm, 1.0);
    const Eigen::Matrix3Xd with = SubjectShape(head, subject), without = head.Shape(subject.head);
    // Over the face; lids belong to the lid rig and stay.
    double squares = 0;
    int count = 0;
    for (Eigen::Index v = 0; v < with.cols(); ++v) {
      if (without(2, v) < -40 || without(1, v) < -110 || without(1, v) > 60) continue;
      squares += (with.col(v) - without.col(v)).squaredNorm();
      ++count;
    }
    EXPECT_GT(std::sqrt(squares / count), 0.9) << subject.id;
  }
}

// Standard deviations among adults of one sex and ancestry: mouth 3–4 mm, nose 2–3 mm, faces 5–6 mm
// (Farkas, Anthropometry of the Head and Face, 1994), distance of the pupils 3.6 mm (Dodgson,
// 2004). The window is wider by the withheld part, by ages and by the margin of a sample.
TEST(Subject, FacesDifferAsMuchAsPeoplesDo) {
  const ParametricHead& head = TheStudio().head();
  const HeadTopology& topology = head.Topology();
  struct Range {
    int from, to;
    double least_mm, most_mm, lowest_mean_mm, highest_mean_mm;
  };
  const std::map<std::string, Range> ranges = {{"mouth", {61, 291, 2, 5.5, 42, 62}},
                                               {"nose", {129, 358, 1.5, 4.5, 28, 46}},
                                               {"face", {234, 454, 3, 8, 120, 160}},
                                               {"pupils", {-1, -1, 1.5, 4.5, 57, 68}}};
  constexpr int kPeople = 120, kGroups = 6;  // Sex and ancestry repeat every six.
  std::map<std::string, std::array<std::vector<double>, kGroups>> widths;
  for (int k = 0; k < kPeople; ++k) {
    const Eigen::Matrix3Xd shape = SubjectShape(head, Draw(31, k));
    for (const auto& [name, range] : ranges) {
      Eigen::Vector3d a, b;
      if (range.from < 0) {
        a = Locate(topology.globe_centre[0], shape);
        b = Locate(topology.globe_centre[1], shape);
      } else {
        a = Locate(*topology.mesh468[static_cast<size_t>(range.from)], shape);
        b = Locate(*topology.mesh468[static_cast<size_t>(range.to)], shape);
      }
      widths[name][static_cast<size_t>(k % kGroups)].push_back((a - b).norm());
    }
  }
  for (const auto& [name, range] : ranges) {
    double variance = 0, mean = 0;
    for (const std::vector<double>& group : widths[name]) {
      const Agreement spread = LimitsOfAgreement(group);
      variance += spread.half_width * spread.half_width / (1.96 * 1.96) / kGroups;
      mean += spread.bias / kGroups;
    }
    RecordProperty(name + "_sd_mm", std::to_string(std::sqrt(variance)));
    EXPECT_GT(std::sqrt(variance), range.least_mm) << name;
    EXPECT_LT(std::sqrt(variance), range.most_mm) << name;
    EXPECT_GT(mean, range.lowest_mean_mm) << name;
    EXPECT_LT(mean, range.highest_mean_mm) << name;
  }
}

// Every measure that is drawn comes out of the finished shape: details that contradict each other,
// or too few of them for a measure, would show here. The withheld part is left out.
TEST(Subject, MeasuresHaveTheSpreadThatWasAskedFor) {
  const ParametricHead& head = TheStudio().head();
  const std::vector<FaceMeasure>& measures = FaceMeasures();
  constexpr int kPeople = 240, kGroups = 6;  // Sex and ancestry repeat every six.
  std::vector<std::array<std::vector<double>, kGroups>> values(measures.size());
  for (int k = 0; k < kPeople; ++k) {
    const Eigen::VectorXd face = MeasureFace(head, head.Shape(Draw(31, k).head));
    ASSERT_EQ(static_cast<size_t>(face.size()), measures.size());
    for (size_t m = 0; m < measures.size(); ++m)
      values[m][static_cast<size_t>(k % kGroups)].push_back(face[static_cast<Eigen::Index>(m)]);
  }
  for (size_t m = 0; m < measures.size(); ++m) {
    double variance = 0;
    for (const std::vector<double>& group : values[m]) {
      const Agreement spread = LimitsOfAgreement(group);
      variance += spread.half_width * spread.half_width / (1.96 * 1.96) / kGroups;
    }
    // Ages and builds within a group add to it; the tolerance of the draw takes some away.
    EXPECT_GT(std::sqrt(variance), 0.7 * measures[m].spread_mm) << measures[m].name;
    EXPECT_LT(std::sqrt(variance), 1.35 * measures[m].spread_mm) << measures[m].name;
  }
}

// An eye's opening is about two and a half irises wide.
TEST(Subject, FissuresFitTheirIrises) {
  const ParametricHead& head = TheStudio().head();
  double mean = 0;
  constexpr int kPeople = 120;
  for (int k = 0; k < kPeople; ++k) {
    const Subject subject = Draw(31, k);
    const Eigen::Matrix3Xd shape = SubjectShape(head, subject);
    for (const size_t s : {0, 1}) {
      const LidRings& lids = head.Topology().lids[s];
      const double fissure_mm =
          (shape.col(lids.lateral_canthus) - shape.col(lids.medial_canthus)).norm();
      mean += fissure_mm / (2 * subject.eyes[s].limbus_horizontal_mm) / (2 * kPeople);
    }
  }
  EXPECT_GT(mean, 2.4);
  EXPECT_LT(mean, 2.6);
}

// However far a face is from the average, its lids reach what signs ask for, and shut.
TEST(Subject, EverybodysLidsObey) {
  for (int k = 0; k < 18; ++k) {
    const Subject subject = Draw(33, k);
    const auto actor = TheStudio().Cast(subject, 256);
    for (const Side side : kSides) {
      const auto s = static_cast<size_t>(side);
      for (const double mrd1_mm : {-1.0, 2.0, 4.2, 7.0}) {
        ActorPose pose;
        pose.head = Pose::OfHead(0, 0, 0, {0, 20, 650});
        for (const Side each : kSides) {
          pose.lids[static_cast<size_t>(each)] = actor->RestingLids(each);
          actor->Fixate(each, Eigen::Vector3d::Zero(), &pose);
        }
        pose.lids[s] = actor->Lids(side, pose, mrd1_mm, 5.0, Eigen::Vector3d(0, -40, 0));
        Scene scene;
        scene.lighting.reflex_position_mm = Eigen::Vector3f(0, -40, 0);
        const Actor::Posed posed = actor->Pose(pose);
        const EyeMeasures measures = actor->Truth(pose, posed, scene, nullptr)[s].measures;
        EXPECT_NEAR(measures.mrd1_mm, mrd1_mm, 0.05) << subject.id;
        EXPECT_NEAR(measures.mrd2_mm, 5.0, 0.05) << subject.id;
        pose.lids[s] = CloseLids(pose.lids[s], 1, actor->ClosedHeightMm(side));
        const Actor::Posed shut = actor->Pose(pose);
        EXPECT_LT(actor->Truth(pose, shut, scene, nullptr)[s].measures.pfh_mm, 0.1) << subject.id;
      }
    }
  }
}

}  // namespace
}  // namespace maskbench::virtual_clinic
