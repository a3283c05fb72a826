#include "node/cli/ledger/witness.h"

#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "node/base/text.h"
#include "node/cli/command_line.h"
#include "node/cli/commands.h"
#include "node/cli/interrupt.h"
#include "node/cli/ledger/follower.h"
#include "node/cli/ledger/http_client.h"
#include "node/cli/ledger/vkeys.h"
#include "node/cli/ledger/witness_server.h"
#include "node/cli/messages.h"
#include "node/cli/output.h"

namespace idnode::cli {
namespace {

using Kind = FollowOutcome::Kind;

constexpr Text kNewKey{"this witness's key was made now; give its verifier key to the nodes:",
                       "已为本见证方生成密钥，请把验证密钥提供给各节点："};
constexpr Text kListening{"listening on port $0", "正在监听端口 $0"};
constexpr Text kCosigned{"$0: cosigned $1 leaves", "$0：已联署 $1 条记录"};
constexpr Text kRefusedNode{
    "$0: REFUSED, the log was rewritten: $1. Both checkpoints are kept in $2",
    "$0：拒绝联署，账本被改写：$1。两份检查点保存在 $2"};
constexpr Text kStaleNode{
    "$0: shows an older checkpoint of $1 leaves, which is the beginning of what was cosigned",
    "$0：出示了较旧的检查点（$1 条记录），它是已联署账本的开头"};
constexpr Text kFailedNode{"$0: $1", "$0：$1"};

struct Arguments {
  std::string state_dir;
  std::string name;
  std::vector<std::string> nodes;
  std::string listen;
  double interval_s = 10;
  bool once = false;
};

struct Node {
  std::string url;
  WitnessedLog log;
};

Result<Node> ParseNode(const std::string& text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0) {
    return Error(Errc::kInvalidRequest, "\"" + text + "\" is not URL=VKEY", "node");
  }
  Node node{text.substr(0, equals), {}};
  auto keys = LoadVkeys(text.substr(equals + 1));
  if (!keys.ok()) return keys.error();
  node.log.origin = keys->front().name();
  for (const ledger::Verifier& key : *keys) {
    if (key.name() != node.log.origin) {
      return Error(Errc::kInvalidRequest, "keys of one log have one name", "node");
    }
  }
  node.log.keys = *std::move(keys);
  return node;
}

std::string OutcomeJson(const Node& node, const FollowOutcome& outcome) {
  const char* kind = outcome.kind == Kind::kCosigned    ? "cosigned"
                     : outcome.kind == Kind::kUnchanged ? "unchanged"
                     : outcome.kind == Kind::kRefused   ? "refused"
                     : outcome.kind == Kind::kStale     ? "stale"
                                                        : "failed";
  std::string json = "{\"node\":" + JsonString(node.url) +
                     ",\"origin\":" + JsonString(node.log.origin) + ",\"outcome\":\"" + kind +
                     "\",\"size\":" + std::to_string(outcome.size);
  if (!outcome.detail.empty()) json += ",\"detail\":" + JsonString(outcome.detail);
  if (!outcome.evidence.empty()) json += ",\"evidence\":" + JsonString(outcome.evidence);
  return json + "}";
}

void Tell(const Node& node, const FollowOutcome& outcome, const FollowOutcome& before,
          Environment& environment) {
  // What goes on being the same is said once; a contradiction is said each time.
  const bool repeated =
      outcome.kind == before.kind && outcome.size == before.size && outcome.detail == before.detail;
  if (outcome.kind == Kind::kUnchanged || (repeated && outcome.kind != Kind::kRefused)) {
    return;
  }
  if (environment.options.json) {
    environment.out << OutcomeJson(node, outcome) << '\n' << std::flush;
    return;
  }
  const Language language = environment.language;
  const std::string origin = Printable(node.log.origin);
  const std::string detail = Printable(outcome.detail);
  switch (outcome.kind) {
    case Kind::kCosigned:
      environment.out << Say(language, kCosigned, origin, outcome.size) << '\n' << std::flush;
      if (!detail.empty()) environment.err << Say(language, kFailedNode, origin, detail) << '\n';
      break;
    case Kind::kStale:
      environment.err << Say(language, kStaleNode, origin, outcome.size) << '\n';
      break;
    case Kind::kRefused:
      environment.err << Say(language, kRefusedNode, origin, detail,
                             outcome.evidence.empty() ? "-" : outcome.evidence)
                      << '\n';
      break;
    default:
      environment.err << Say(language, kFailedNode, origin, detail) << '\n';
      break;
  }
  environment.err << std::flush;
}

ExitCode Follow(const Arguments& arguments, const std::vector<Node>& nodes,
                std::vector<Follower>& followers, Interrupt& interrupt, Environment& environment) {
  const std::chrono::milliseconds interval(static_cast<std::int64_t>(arguments.interval_s * 1000));
  std::vector<FollowOutcome> before(nodes.size());
  for (FollowOutcome& outcome : before) outcome.kind = Kind::kUnchanged;
  while (true) {
    bool refused = false;
    bool failed = false;
    for (std::size_t i = 0; i < followers.size(); ++i) {
      FollowOutcome outcome = followers[i].Look();
      Tell(nodes[i], outcome, before[i], environment);
      refused = refused || outcome.kind == Kind::kRefused;
      failed = failed || outcome.kind == Kind::kFailed || outcome.kind == Kind::kStale ||
               (outcome.kind == Kind::kCosigned && !outcome.detail.empty());
      before[i] = std::move(outcome);
      if (interrupt.WaitFor(std::chrono::milliseconds(0))) return kExitInterrupted;
    }
    if (arguments.once) return refused ? kExitFailed : failed ? kExitTryAgain : kExitDone;
    if (interrupt.WaitFor(interval)) return kExitInterrupted;
  }
}

ExitCode Run(const Arguments& arguments, Environment& environment) {
  std::vector<Node> nodes;
  std::vector<WitnessedLog> logs;
  for (const std::string& text : arguments.nodes) {
    auto node = ParseNode(text);
    if (!node.ok()) return FailUsage(environment, node.error().detail, node.error().field);
    logs.push_back(node->log);
    nodes.push_back(*std::move(node));
  }
  Interrupt interrupt;
  auto witness = Witness::Open(arguments.state_dir, arguments.name, logs, environment.clock);
  if (!witness.ok()) {
    const Error& error = witness.error();
    return error.code == Errc::kInvalidRequest ? FailUsage(environment, error.detail, error.field)
                                               : Fail(environment, error);
  }
  if ((*witness)->is_new()) {
    if (!environment.options.json) {
      environment.err << kNewKey.In(environment.language) << '\n' << std::flush;
    }
    const std::string vkey = (*witness)->verifier().Vkey();
    environment.out << (environment.options.json ? "{\"vkey\":" + JsonString(vkey) + "}" : vkey)
                    << '\n'
                    << std::flush;
  }
  std::vector<Follower> followers;
  for (const Node& node : nodes) {
    HttpOptions options;
    options.url = node.url;
    options.ca_file = environment.options.ca_file;
    options.attempts = 2;
    options.timeout =
        std::chrono::milliseconds(static_cast<std::int64_t>(environment.options.timeout_s * 1000));
    auto client = HttpClient::Create(options);
    if (!client.ok()) return FailUsage(environment, client.error().detail, client.error().field);
    followers.emplace_back(**witness, node.log, *std::move(client));
  }
  std::unique_ptr<WitnessServer> server;
  if (!arguments.listen.empty()) {
    auto started = WitnessServer::Start(arguments.listen, **witness);
    if (!started.ok()) return Fail(environment, started.error());
    server = *std::move(started);
    environment.err << Say(environment.language, kListening, server->port()) << '\n' << std::flush;
  }
  return Follow(arguments, nodes, followers, interrupt, environment);
}

}  // namespace

void AddWitness(CommandLine& line) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command = line.Add(
      nullptr, "witness",
      {"Cosign the checkpoints of nodes as long as nothing that was published is rewritten. Exit "
       "code 1 with --once where one was refused.",
       "见证：只要已公布的记录未被改写，就联署节点的检查点。--once 时如有拒绝，退出码为 1。"},
      "idnode witness --state-dir witness --node https://node.example:8080=node.vkey\n"
      "idnode witness --state-dir witness --node https://a.example=a.vkey --node "
      "https://b.example=b.vkey --listen 0.0.0.0:8090");
  command
      ->add_option("--state-dir", arguments->state_dir,
                   line.T({"Key and last checkpoints; made at the first start",
                           "存放密钥和最近检查点；首次启动时创建"}))
      ->required();
  AddRepeated(command, "--node", arguments->nodes,
              line.T({"URL=VKEY of a node: the key's line, or a file with it",
                      "节点 URL=VKEY：验证密钥行或其文件"}))
      ->required();
  command->add_option("--name", arguments->name,
                      line.T({"Name of the key, such as witness.example/w1; at the first start",
                              "密钥名称，如 witness.example/w1；首次启动时使用"}));
  command->add_option("--listen", arguments->listen,
                      line.T({"ADDR:PORT to serve POST /add-checkpoint on (C2SP tlog-witness)",
                              "提供 POST /add-checkpoint 的地址 ADDR:PORT（C2SP tlog-witness）"}));
  command
      ->add_option("--interval", arguments->interval_s,
                   line.T({"Seconds between two looks at the nodes", "两次查看节点的间隔（秒）"}))
      ->transform(
          CLI::AsNumberWithUnit(std::map<std::string, double>{{"s", 1}, {"m", 60}, {"h", 3600}}))
      ->check(CLI::Range(0.1, 86400.0))
      ->capture_default_str();
  command->add_flag("--once", arguments->once,
                    line.T({"Look at each node once and end", "各查看一次后结束"}));
  CommandLine::OnRun(command, line, [arguments](Environment& environment) {
    return Run(*arguments, environment);
  });
}

}  // namespace idnode::cli
