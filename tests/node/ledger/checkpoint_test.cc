#include "node/ledger/checkpoint.h"

#include <gtest/gtest.h>

namespace idnode::ledger {
namespace {

// The text of the example in C2SP tlog-checkpoint.
constexpr std::string_view kExample =
    "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";

TEST(CheckpointTest, ReadsAndWritesTheStandardsExample) {
  const auto checkpoint = ParseCheckpoint(kExample);
  ASSERT_TRUE(checkpoint.ok()) << checkpoint.error().detail;
  EXPECT_EQ(checkpoint->origin, "example.com/behind-the-sofa");
  EXPECT_EQ(checkpoint->tree.size, 20'852'163U);
  EXPECT_TRUE(checkpoint->extensions.empty());
  EXPECT_EQ(FormatCheckpoint(*checkpoint), kExample);
}

TEST(CheckpointTest, EmptyLog) {
  const Checkpoint empty{"o", {0, EmptyRoot()}, {}};
  const std::string text = FormatCheckpoint(empty);
  EXPECT_EQ(text, "o\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n");
  EXPECT_EQ(ParseCheckpoint(text).value(), empty);
}

TEST(CheckpointTest, KeepsExtensions) {
  const std::string text = std::string(kExample) + "one\ntwo 2\n";
  const auto checkpoint = ParseCheckpoint(text);
  ASSERT_TRUE(checkpoint.ok());
  EXPECT_EQ(checkpoint->extensions, (std::vector<std::string>{"one", "two 2"}));
  EXPECT_EQ(FormatCheckpoint(*checkpoint), text);
}

TEST(CheckpointTest, RefusesOtherForms) {
  const std::string root = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
  std::string many = std::string(kExample);
  for (std::size_t i = 0; i <= kCheckpointExtensionsMax; ++i) many += "x\n";
  for (const std::string& text :
       {std::string(),
        std::string("o\n"),
        std::string("o\n1\n"),
        "\n1\n" + root,
        "o\n01\n" + root,
        "o\n-1\n" + root,
        "o\n+1\n" + root,
        "o\n\n" + root,
        "o\n1 \n" + root,
        "o\n9223372036854775808\n" + root,
        "o\n0\n" + root,
        "o\n1\n" + root.substr(0, root.size() - 1),
        "o\n1\n" + root + "\n",
        "o\n1\n" + root + "open",
        std::string("o\n1\nCsUYapGGPo4dkMgIAUqom_Xajj7h2fB2MPA3j2jxq2I=\n"),
        std::string("o\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2J=\n"),
        std::string("o\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I\n"),
        std::string("o\n1\nAAAA\n"),
        many,
        std::string(kExample) + std::string(kCheckpointTextBytesMax, 'x') + "\n"}) {
    EXPECT_EQ(ParseCheckpoint(text).code(), Errc::kInvalidRequest) << text.substr(0, 200);
  }
}

TEST(CheckpointTest, OpensOnlyItsOrigin) {
  const Signer signers[] = {Signer::Generate(SignatureType::kEd25519, "o").value()};
  const Verifier verifiers[] = {signers[0].verifier()};
  const Checkpoint checkpoint{"o", {3, LeafHash("x")}, {}};
  const std::string note = FormatNote(SignText(FormatCheckpoint(checkpoint), signers).value());
  EXPECT_EQ(OpenCheckpoint(note, verifiers, "o").value().checkpoint, checkpoint);
  EXPECT_EQ(OpenCheckpoint(note, verifiers).value().checkpoint, checkpoint);
  EXPECT_EQ(OpenCheckpoint(note, verifiers, "other").code(), Errc::kCorruption);
  EXPECT_EQ(OpenCheckpoint(note, {}, "o").code(), Errc::kUnauthenticated);
  const std::string not_one = FormatNote(SignText("just text\n", signers).value());
  EXPECT_EQ(OpenCheckpoint(not_one, verifiers, "o").code(), Errc::kInvalidRequest);
}

}  // namespace
}  // namespace idnode::ledger
