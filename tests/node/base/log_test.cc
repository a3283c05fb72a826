#include "node/base/log.h"

#include <gtest/gtest.h>

namespace idnode {
namespace {

std::string Logged(LogFormat format) {
  ConfigureLog(LogLevel::kInfo, format);
  testing::internal::CaptureStderr();
  LogInfo("node ready", {{"port", 8080}, {"name", "a \"b\"\n"}, {"tls", true}, {"id", "plain"}});
  Log(LogLevel::kDebug, "not shown");
  return testing::internal::GetCapturedStderr();
}

TEST(LogTest, WritesLogfmt) {
  const std::string line = Logged(LogFormat::kLogfmt);
  EXPECT_NE(
      line.find(
          "level=info event=\"node ready\" port=8080 name=\"a \\\"b\\\"\\n\" tls=true id=plain\n"),
      std::string::npos)
      << line;
  EXPECT_EQ(line.find("not shown"), std::string::npos);
}

TEST(LogTest, WritesJson) {
  const std::string line = Logged(LogFormat::kJson);
  EXPECT_NE(
      line.find(
          "\"level\":\"info\",\"event\":\"node ready\",\"port\":8080,\"name\":\"a \\\"b\\\"\\n\","
          "\"tls\":true,\"id\":\"plain\"}"),
      std::string::npos)
      << line;
}

}  // namespace
}  // namespace idnode
