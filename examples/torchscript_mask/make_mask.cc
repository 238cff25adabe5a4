// Writes a masking method as a TorchScript file: a picture goes in, its 8×8 means come out.
#include <torch/script.h>

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  torch::jit::Module mask("mask");
  mask.define(R"(
def forward(self, x):
    coarse = torch.adaptive_avg_pool2d(x, [8, 8])
    return torch.upsample_bilinear2d(coarse, [x.size(2), x.size(3)], False)
)");
  mask.save(argv[1]);
}
