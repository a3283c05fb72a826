#include "node/app/data_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/node/app/temporary_directory.h"

namespace idnode::app {
namespace {

using ::testing::HasSubstr;

mode_t ModeOf(const std::string& path) {
  struct stat status {};
  EXPECT_EQ(::stat(path.c_str(), &status), 0) << path;
  return status.st_mode & 0777;
}

TEST(DataDirectoryTest, CreatesADirectoryForTheOwnerAlone) {
  const TemporaryDirectory temporary;
  const auto opened = DataDirectory::Open(temporary.Path("above/data/"));
  ASSERT_TRUE(opened.ok()) << opened.error().detail;
  EXPECT_EQ(ModeOf(temporary.Path("above/data")), 0700u);
  EXPECT_EQ(ModeOf(temporary.Path("above/data/lock")), 0600u);
  EXPECT_EQ((*opened)->path(), temporary.Path("above/data"));
}

TEST(DataDirectoryTest, SecondOpenIsRefusedUntilTheFirstIsGone) {
  const TemporaryDirectory temporary;
  auto first = DataDirectory::Open(temporary.Path("data"));
  ASSERT_TRUE(first.ok());
  const auto second = DataDirectory::Open(temporary.Path("data"));
  ASSERT_EQ(second.code(), Errc::kDataDirectoryInUse);
  EXPECT_THAT(second.error().detail, HasSubstr(temporary.Path("data")));
  EXPECT_THAT(second.error().detail, HasSubstr("process " + std::to_string(::getpid())));
  std::move(first).value().reset();
  EXPECT_TRUE(DataDirectory::Open(temporary.Path("data")).ok());
}

TEST(DataDirectoryTest, RefusesADirectoryThatOthersMayWriteTo) {
  for (const mode_t mode : {0770U, 0707U, 0722U}) {
    const TemporaryDirectory temporary;
    ASSERT_EQ(::mkdir(temporary.Path("data").c_str(), 0700), 0);
    ASSERT_EQ(::chmod(temporary.Path("data").c_str(), mode), 0);
    const auto opened = DataDirectory::Open(temporary.Path("data"));
    ASSERT_EQ(opened.code(), Errc::kInvalidRequest) << std::oct << mode;
    EXPECT_THAT(opened.error().detail, HasSubstr("chmod 700"));
    EXPECT_THAT(opened.error().detail, HasSubstr(temporary.Path("data")));
    EXPECT_FALSE(std::filesystem::exists(temporary.Path("data/lock")));
  }
}

TEST(DataDirectoryTest, MakesADirectoryPrivateThatOthersMayRead) {
  const TemporaryDirectory temporary;
  ASSERT_EQ(::mkdir(temporary.Path("data").c_str(), 0700), 0);
  ASSERT_EQ(::chmod(temporary.Path("data").c_str(), 0755), 0);
  ASSERT_TRUE(DataDirectory::Open(temporary.Path("data")).ok());
  EXPECT_EQ(ModeOf(temporary.Path("data")), 0700u);
}

TEST(DataDirectoryTest, FollowsNoLinksInsideTheDirectory) {
  const TemporaryDirectory temporary;
  const std::string victim = temporary.Path("victim");
  std::ofstream(victim) << "precious";
  {
    const auto opened = DataDirectory::Open(temporary.Path("data"));
    ASSERT_TRUE(opened.ok());
    std::filesystem::create_symlink(victim, temporary.Path("data/ports.json.tmp"));
    ASSERT_TRUE((*opened)->WritePorts({1, 2, 3}).ok());
    EXPECT_FALSE(std::filesystem::is_symlink(temporary.Path("data/ports.json")));
  }
  std::filesystem::remove(temporary.Path("data/lock"));
  std::filesystem::create_symlink(victim, temporary.Path("data/lock"));
  EXPECT_EQ(DataDirectory::Open(temporary.Path("data")).code(), Errc::kUnavailable);
  EXPECT_EQ(ReadFile(victim), "precious");
}

TEST(DataDirectoryTest, RefusesWhatIsNoDirectory) {
  const TemporaryDirectory temporary;
  std::ofstream(temporary.Path("file")) << "x";
  const auto file = DataDirectory::Open(temporary.Path("file"));
  ASSERT_EQ(file.code(), Errc::kUnavailable);
  EXPECT_THAT(file.error().detail, HasSubstr("is not a directory"));
  EXPECT_EQ(DataDirectory::Open(temporary.Path("file/below")).code(), Errc::kUnavailable);
}

TEST(DataDirectoryTest, WritesPortsOfTheFacesThereAre) {
  const TemporaryDirectory temporary;
  const auto opened = DataDirectory::Open(temporary.Path("data"));
  ASSERT_TRUE(opened.ok());
  const std::string path = temporary.Path("data/ports.json");
  ASSERT_TRUE((*opened)->WritePorts({8080, 50051, 9464}).ok());
  EXPECT_EQ(ReadFile(path), "{\"http\":8080,\"grpc\":50051,\"admin\":9464}\n");
  ASSERT_TRUE((*opened)->WritePorts({0, 50051, 0}).ok());
  EXPECT_EQ(ReadFile(path), "{\"grpc\":50051}\n");
  ASSERT_TRUE((*opened)->WritePorts({}).ok());
  EXPECT_EQ(ReadFile(path), "{}\n");
  EXPECT_FALSE(std::filesystem::exists(path + ".tmp"));
  (*opened)->RemovePorts();
  EXPECT_FALSE(std::filesystem::exists(path));
  (*opened)->RemovePorts();
}

TEST(DataDirectoryTest, RemovesPortsAtTheEndAndThoseThatACrashLeft) {
  const TemporaryDirectory temporary;
  const std::string path = temporary.Path("data/ports.json");
  {
    const auto opened = DataDirectory::Open(temporary.Path("data"));
    ASSERT_TRUE(opened.ok());
    ASSERT_TRUE((*opened)->WritePorts({1, 2, 3}).ok());
  }
  EXPECT_FALSE(std::filesystem::exists(path));
  std::ofstream(path) << "{\"http\":1}";
  const auto again = DataDirectory::Open(temporary.Path("data"));
  ASSERT_TRUE(again.ok());
  EXPECT_FALSE(std::filesystem::exists(path));
}

}  // namespace
}  // namespace idnode::app
