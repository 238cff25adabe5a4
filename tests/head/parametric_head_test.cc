#include "maskbench/head/parametric_head.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include <Eigen/Geometry>

#include "maskbench/core/json.h"

#include "head_fixtures.h"

namespace maskbench {
namespace {

// Vertices of the package's base mesh: bottom of the chin, tip of the nose.
constexpr int kBottomOfChin = 5296, kNoseTip = 5054;

HeadRecipe Person(bool male, int ancestry) {
  HeadRecipe recipe;
  recipe.male = male;
  recipe.african = ancestry == 0;
  recipe.asian = ancestry == 1;
  recipe.caucasian = ancestry == 2;
  return recipe;
}

// Mean over sexes and ancestries of young adults.
Eigen::Matrix3Xd MeanShape() {
  const ParametricHead& head = ImportedParametricHead();
  Eigen::Matrix3Xd mean = Eigen::Matrix3Xd::Zero(3, head.Topology().vertex_count);
  for (const bool male : {false, true}) {
    for (int ancestry = 0; ancestry < 3; ++ancestry) {
      mean += head.Shape(Person(male, ancestry)) / 6;
    }
  }
  return mean;
}

TEST(ParametricHead, MirrorMapIsAnInvolutionWithoutGaps) {
  const HeadTopology& topology = ImportedParametricHead().Topology();
  ASSERT_EQ(static_cast<int>(topology.mirror.size()), topology.vertex_count);
  for (int v = 0; v < topology.vertex_count; ++v) {
    ASSERT_GE(topology.mirror[v], 0);
    EXPECT_EQ(topology.mirror[topology.mirror[v]], v);
  }
}

TEST(ParametricHead, MeanIsSymmetric) {
  const HeadModel& model = ImportedModel("parametric");
  EXPECT_LT(LargestAsymmetry(model.Topology(), model.Evaluate({}, {})), 1e-4);
  // The package's own macro targets are symmetric to a few tenths of a millimetre.
  EXPECT_LT(LargestAsymmetry(model.Topology(), MeanShape()), 0.4);
}

// Adult means: IPD 62.5 mm (Dodgson 2004: 63), palpebral fissure about 28.5 mm, vertex to gnathion
// 222 mm (Farkas 1994: 215 in women, 230 in men).
TEST(ParametricHead, MeanHasTheSizeOfAnAdult) {
  const ParametricHead& head = ImportedParametricHead();
  const Eigen::Matrix3Xd mean = MeanShape();
  const auto at = [&](int vertex) { return Eigen::Vector3d(mean.col(vertex)); };
  const auto& globes = head.Topology().globe_centre;
  const auto left = static_cast<size_t>(Side::kLeft), right = static_cast<size_t>(Side::kRight);
  EXPECT_NEAR((Locate(globes[left], mean) - Locate(globes[right], mean)).norm(), 62.5, 0.3);
  for (const LidRings& lids : head.Topology().lids) {
    EXPECT_NEAR((at(lids.medial_canthus) - at(lids.lateral_canthus)).norm(), 28.6, 0.5);
  }
  double highest = 0;
  for (size_t f = 0; f < head.Faces().size(); ++f) {
    for (const int vertex : head.Faces()[f]) highest = std::max(highest, mean(1, vertex));
  }
  EXPECT_NEAR(highest - at(head.VertexOfBase(kBottomOfChin)).y(), 222, 1.5);
}

TEST(ParametricHead, OriginIsBetweenTheGlobesOfEveryPerson) {
  const ParametricHead& head = ImportedParametricHead();
  for (int i = 0; i < 5; ++i) {
    HeadRecipe recipe = Person(i % 2 == 0, i % 3);
    NamedRandom random(1, std::to_string(i), "details");
    head.SampleDetails({}, &random, &recipe);
    const Eigen::Matrix3Xd shape = head.Shape(recipe);
    const auto& globes = head.Topology().globe_centre;
    EXPECT_LT((Locate(globes[0], shape) + Locate(globes[1], shape)).norm(), 1e-9);
    EXPECT_GT(Locate(globes[static_cast<size_t>(Side::kLeft)], shape).x(), 25);
    EXPECT_GT(shape(2, head.VertexOfBase(kNoseTip)), 25);  // The nose points forward,
    EXPECT_GT(shape.row(1).maxCoeff(), 80);                // the vertex is up.
  }
}

TEST(ParametricHead, LidsLieOnAGlobeOfTwelveMillimetres) {
  const ParametricHead& head = ImportedParametricHead();
  const Eigen::Matrix3Xd mean = MeanShape();
  for (const Side side : kSides) {
    const auto s = static_cast<size_t>(side);
    const LidRings& lids = head.Topology().lids[s];
    const Eigen::Vector3d globe = Locate(head.Topology().globe_centre[s], mean);
    int in_middle = 0;
    for (const auto* ring : {&lids.upper_inner, &lids.lower_inner}) {
      for (const int vertex : *ring) {
        if (std::abs(mean(0, vertex) - globe.x()) > 7) continue;
        ++in_middle;
        EXPECT_GT((mean.col(vertex) - globe).norm(), 12.1);
        EXPECT_LT((mean.col(vertex) - globe).norm(), 13.5);
      }
    }
    EXPECT_GE(in_middle, 6);
  }
}

TEST(ParametricHead, LidRingsRunFromNoseToTempleAndBorderTheOpening) {
  const ParametricHead& head = ImportedParametricHead();
  const HeadTopology& topology = head.Topology();
  const Eigen::Matrix3Xd mean = MeanShape();
  std::map<std::pair<int, int>, int> faces_at;
  for (const auto& face : topology.faces) {
    for (size_t i = 0; i < 4; ++i) {
      const int a = face[i], b = face[(i + 1) % 4];
      ++faces_at[{std::min(a, b), std::max(a, b)}];
    }
  }
  for (const Side side : kSides) {
    const LidRings& lids = topology.lids[static_cast<size_t>(side)];
    const double outwards = side == Side::kLeft ? 1 : -1;
    for (const auto* ring :
         {&lids.upper_inner, &lids.lower_inner, &lids.upper_outer, &lids.lower_outer}) {
      EXPECT_EQ(std::count(ring->begin(), ring->end(), lids.medial_canthus), 0);
      EXPECT_EQ(std::count(ring->begin(), ring->end(), lids.lateral_canthus), 0);
      EXPECT_LT(outwards * mean(0, ring->front()), outwards * mean(0, ring->back()) - 20);
      const bool inner = ring == &lids.upper_inner || ring == &lids.lower_inner;
      for (size_t i = 1; i < ring->size(); ++i) {
        const int a = (*ring)[i - 1], b = (*ring)[i];
        // Behind the inner ring there is nothing: its edges belong to one face.
        EXPECT_EQ((faces_at[{std::min(a, b), std::max(a, b)}]), inner ? 1 : 2);
      }
    }
    // The upper lid is above the lower.
    EXPECT_GT(mean(1, lids.upper_inner[6]), mean(1, lids.lower_inner[7]) + 5);
  }
}

TEST(ParametricHead, FacesAreWoundOutwards) {
  const ParametricHead& head = ImportedParametricHead();
  const Eigen::Matrix3Xd mean = MeanShape();
  // The flux of x through a surface wound outwards is its volume.
  double volume = 0;
  for (size_t f = 0; f < head.Faces().size(); ++f) {
    if (head.FacePatches()[f] != FacePatch::kSkin) continue;
    const auto& face = head.Faces()[f];
    for (const auto& [i, j, k] : {std::array{0, 1, 2}, std::array{0, 2, 3}}) {
      const Eigen::Vector3d a = mean.col(face[i]), b = mean.col(face[j]), c = mean.col(face[k]);
      volume += a.dot(b.cross(c)) / 6;
    }
  }
  EXPECT_GT(volume, 3e6);  // A head has about 4 litres.
}

TEST(ParametricHead, DamagedRowIsTheMirrorImageOfItsTwin) {
  const ParametricHead& head = ImportedParametricHead();
  const Json manifest = ReadJsonFile(ParametricHeadFile(ModelsFolder()).replace_extension(".json"));
  ASSERT_EQ(manifest.at("rejected_targets").size(), 1u);
  EXPECT_EQ(manifest.at("rejected_targets")[0].at("row"), 648);
  const int macros = head.IdentityTargetCount() - static_cast<int>(head.DetailNames().size());
  const Eigen::Matrix3Xd right = head.IdentityDelta(macros + head.Detail("eyes/r-eye-bag-max"));
  const Eigen::Matrix3Xd left = head.IdentityDelta(macros + head.Detail("eyes/l-eye-bag-max"));
  EXPECT_GT(left.norm(), 1);
  for (int v = 0; v < head.Topology().vertex_count; ++v) {
    const Eigen::Vector3d image = left.col(head.Topology().mirror[v]);
    EXPECT_NEAR((right.col(v) - Eigen::Vector3d(-image.x(), image.y(), image.z())).norm(), 0, 1e-9);
  }
}

TEST(ParametricHead, ShapesAreLinearInTheWeightsOfTargets) {
  const ParametricHead& head = ImportedParametricHead();
  HeadRecipe recipe = Person(true, 1);
  recipe.male = 0.7;
  recipe.age = 0.4;
  recipe.weight = 0.5;
  recipe.muscle = -0.3;
  NamedRandom random(1, "linear", "details");
  head.SampleDetails({}, &random, &recipe);
  const Eigen::VectorXd weights = head.TargetWeights(recipe);
  Eigen::Matrix3Xd sum = head.Base();
  for (int t = 0; t < head.IdentityTargetCount(); ++t) sum += weights[t] * head.IdentityDelta(t);
  EXPECT_LT((sum - head.Shape(recipe)).cwiseAbs().maxCoeff(), 1e-9);
}

TEST(ParametricHead, MacroWeightsShareOutOnePerson) {
  const ParametricHead& head = ImportedParametricHead();
  HeadRecipe recipe;
  recipe.male = 0.25;
  recipe.african = 0.5;
  recipe.asian = 0.5;
  recipe.caucasian = 0;
  recipe.age = 0.2;
  recipe.weight = -0.4;
  recipe.muscle = 0.6;
  const Eigen::VectorXd weights = head.TargetWeights(recipe);
  // 12 targets of ancestry × sex × age, then 36 of sex × age × muscle × weight.
  EXPECT_NEAR(weights.head(12).sum(), 1, 1e-12);
  EXPECT_NEAR(weights.segment(12, 36).sum(), 1, 1e-12);
  EXPECT_NEAR(weights[0], 0.5 * 0.75 * 0.8, 1e-12);  // African, female, young.
  // Female, young, most muscle, least weight.
  EXPECT_NEAR(weights[12 + 2 * 3 + 0], 0.75 * 0.8 * 0.6 * 0.4, 1e-12);
  EXPECT_EQ(weights.tail(weights.size() - 48).norm(), 0);
}

TEST(ParametricHead, AxesJoinOppositesAndSides) {
  const ParametricHead& head = ImportedParametricHead();
  std::set<int> seen;
  std::map<std::string, const DetailAxis*> axes;
  for (const DetailAxis& axis : head.DetailAxes()) {
    EXPECT_TRUE(axes.emplace(axis.name, &axis).second) << axis.name;
    for (const int detail : axis.negative) EXPECT_TRUE(seen.insert(detail).second);
    for (const int detail : axis.positive) EXPECT_TRUE(seen.insert(detail).second);
  }
  EXPECT_EQ(seen.size(), head.DetailNames().size());
  const DetailAxis& size = *axes.at("eyes/eye-size-small|big");
  EXPECT_EQ(size.positive, (std::vector<int>{head.Detail("eyes/l-eye-size-big"),
                                             head.Detail("eyes/r-eye-size-big")}));
  EXPECT_EQ(size.negative.size(), 2u);
  EXPECT_FALSE(size.asymmetric);
  EXPECT_TRUE(axes.at("mouth/mouth-trans-in|out")->asymmetric);
  EXPECT_FALSE(axes.at("mouth/mouth-trans-down|up")->asymmetric);
  EXPECT_TRUE(axes.at("asym/asym-nose-1-l|r")->asymmetric);
  EXPECT_TRUE(axes.at("head/head-oval")->negative.empty());

  HeadRecipe recipe;
  ParametricHead::AddDetail(size, -0.5, &recipe);
  ASSERT_EQ(recipe.details.size(), 2u);
  EXPECT_EQ(recipe.details[0], std::make_pair(head.Detail("eyes/l-eye-size-small"), 0.5));
}

TEST(ParametricHead, ClosureUnitLowersTheUpperLidOfItsSideAlone) {
  const ParametricHead& head = ImportedParametricHead();
  const ExpressionUnits units = head.Expressions(HeadRecipe{});
  ASSERT_EQ(units.names.size(), 34u);
  ASSERT_EQ(head.ExpressionRange().size(), 34u);
  const auto found = std::find(units.names.begin(), units.names.end(), "eye-left-closure");
  ASSERT_NE(found, units.names.end());
  const SparseDelta& delta = units.deltas[static_cast<size_t>(found - units.names.begin())];
  const auto moved = [&](int vertex) {
    const auto at = std::find(delta.vertices.begin(), delta.vertices.end(), vertex);
    return at == delta.vertices.end()
               ? Eigen::Vector3f(0, 0, 0)
               : Eigen::Vector3f(delta.millimetres.col(at - delta.vertices.begin()));
  };
  const auto& left = head.Topology().lids[static_cast<size_t>(Side::kLeft)];
  const auto& right = head.Topology().lids[static_cast<size_t>(Side::kRight)];
  for (size_t i = 4; i < 8; ++i) {
    EXPECT_LT(moved(left.upper_inner[i]).y(), -5);
    EXPECT_EQ(moved(right.upper_inner[i]).norm(), 0);
  }
  // Lids move, globes do not.
  for (const VertexStencil& globe : head.Topology().globe_centre) {
    for (const int vertex : globe.vertices) EXPECT_EQ(moved(vertex).norm(), 0);
  }
}

TEST(ParametricHead, ExpressionsBlendByAncestry) {
  const ParametricHead& head = ImportedParametricHead();
  const auto dense = [&](const HeadRecipe& recipe, size_t unit) {
    const SparseDelta delta = head.Expressions(recipe).deltas[unit];
    Eigen::Matrix3Xf all = Eigen::Matrix3Xf::Zero(3, head.Topology().vertex_count);
    all(Eigen::all, delta.vertices) = delta.millimetres;
    return all;
  };
  HeadRecipe half;
  half.african = 0;
  half.asian = half.caucasian = 0.5;
  for (const size_t unit : {0, 20}) {
    const Eigen::Matrix3Xf expected =
        (dense(Person(false, 1), unit) + dense(Person(false, 2), unit)) / 2;
    EXPECT_LT((dense(half, unit) - expected).cwiseAbs().maxCoeff(), 1e-5);
  }
}

TEST(ParametricHead, TextureCoordinatesLieInTheTexture) {
  const ParametricHead& head = ImportedParametricHead();
  ASSERT_EQ(head.FaceUvs().size(), head.Faces().size());
  ASSERT_EQ(static_cast<int>(head.VertexUvs().size()), head.Topology().vertex_count);
  int on_seam = 0;
  for (size_t f = 0; f < head.Faces().size(); ++f) {
    for (size_t corner = 0; corner < 4; ++corner) {
      const Eigen::Vector2f uv = head.Uvs().at(head.FaceUvs()[f][corner]);
      EXPECT_TRUE(uv.x() >= 0 && uv.x() <= 1 && uv.y() >= 0 && uv.y() <= 1);
      on_seam += head.VertexUvs()[head.Faces()[f][corner]] != uv;
    }
  }
  EXPECT_GT(on_seam, 0);
  EXPECT_LT(on_seam, 400);
}

TEST(ParametricHead, ADetailsDeltaIsWhatItAddsToAShape) {
  const ParametricHead& head = ImportedParametricHead();
  for (const char* name : {"nose/nose-hump-morehump", "eyes/l-eye-size-big"}) {
    const SparseDelta delta = head.DetailDelta(head.Detail(name));
    Eigen::Matrix3Xd added = Eigen::Matrix3Xd::Zero(3, head.Topology().vertex_count);
    for (size_t k = 0; k < delta.vertices.size(); ++k)
      added.col(delta.vertices[k]) = delta.millimetres.col(k).cast<double>();
    HeadRecipe with;
    with.details.emplace_back(head.Detail(name), 1.0);
    Eigen::Matrix3Xd difference = head.Shape(with) - head.Shape(HeadRecipe()) - added;
    difference.colwise() -= Eigen::Vector3d(difference.col(0));  // The origin may move.
    EXPECT_GT(added.colwise().norm().maxCoeff(), 1) << name;
    EXPECT_LT(difference.colwise().norm().maxCoeff(), 1e-4) << name;
  }
}

TEST(ParametricHead, UnknownNamesAreRefused) {
  const ParametricHead& head = ImportedParametricHead();
  ExpectError<UsageError>([&] { head.Detail("nose/nose-of-another"); }, {"nose-of-another"});
  HeadRecipe recipe;
  recipe.details.emplace_back(100000, 1.0);
  ExpectError<UsageError>([&] { head.Shape(recipe); }, {"100000"});
  EXPECT_EQ(head.VertexOfBase(-5), -1);
  EXPECT_EQ(head.VertexOfBase(1 << 20), -1);
  EXPECT_EQ(head.BaseVertexIds()[head.VertexOfBase(kNoseTip)], kNoseTip);
}

}  // namespace
}  // namespace maskbench
