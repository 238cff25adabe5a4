#include "maskbench/core/hash.h"

#include <string>

#include <gtest/gtest.h>

#include "maskbench/core/error.h"
#include "maskbench/core/files.h"

#include "nn/expect_error.h"

namespace maskbench {
namespace {

// FIPS 180-2, appendix B.
TEST(Sha256, GivesThePublishedDigests) {
  EXPECT_EQ(Sha256OfBytes("abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(Sha256OfBytes("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(Sha256OfBytes(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(Sha256, OfAFileLongerThanItsBufferIsThatOfItsBytes) {
  const TemporaryFolder folder;
  const std::string million(1000000, 'a');
  WriteFileAtomically(folder.path() / "a", million);
  // FIPS 180-2, appendix B.3.
  EXPECT_EQ(Sha256OfFile(folder.path() / "a"),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256, OfAMissingFileIsAnErrorThatNamesIt) {
  ExpectDataError([] { Sha256OfFile("/nowhere/to/be/found"); }, {"/nowhere/to/be/found"});
}

// RFC 4231, test cases 2 and 6 (a key longer than the block).
TEST(HmacSha256, GivesThePublishedCodes) {
  EXPECT_EQ(HmacSha256("Jefe", "what do ya want for nothing?"),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(HmacSha256(std::string(131, '\xaa'),
                       "Test Using Larger Than Block-Size Key - Hash Key First"),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

// RFC 7914, section 11.
TEST(StretchedSha256, GivesThePublishedBytes) {
  EXPECT_EQ(StretchedSha256("passwd", "salt", 1, 64),
            "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc"
            "49ca9cccf179b645991664b39d77ef317c71b845b1e30bd509112041d3a19783");
}

}  // namespace
}  // namespace maskbench
