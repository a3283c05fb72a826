#include "node/cli/command_line.h"

#include <memory>
#include <ostream>
#include <string_view>
#include <utility>

#include "node/cli/client.h"
#include "node/cli/commands.h"
#include "node/cli/messages.h"
#include "node/cli/output.h"

namespace idnode::cli {
namespace {

/// Help that begins with examples: most readers need no more.
class ExamplesFirst : public CLI::Formatter {
 public:
  explicit ExamplesFirst(Language language) : language_(language) {
    column_width(34);
    label("OPTIONS", std::string(Text{"OPTIONS", "选项"}.In(language)));
  }

  std::string make_description(const CLI::App* app) const override {
    std::string text;
    if (!app->get_footer().empty()) {
      text += std::string(Text{"Examples:", "示例："}.In(language_)) + "\n";
      const std::string examples = app->get_footer();
      std::string_view rest = examples;
      while (!rest.empty()) {
        const std::size_t end = rest.find('\n');
        text += "  " + std::string(rest.substr(0, end)) + "\n";
        rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
      }
      text += "\n";
    }
    return text + app->get_description() + "\n\n";
  }
  std::string make_footer(const CLI::App* app) const override {
    if (app->get_parent() == nullptr) return {};
    return "\n" +
           std::string(Text{"Options of every command (--server, --token-file, --json, "
                            "…): idnode --help",
                            "通用选项（--server、--token-file、--json 等）见：idnode --help"}
                           .In(language_)) +
           "\n";
  }

 private:
  const Language language_;
};

bool AsksForJson(int argc, const char* const* argv) {
  for (int i = 1; i < argc; ++i) {
    if (std::string_view(argv[i]) == "--json") return true;
  }
  return false;
}

}  // namespace

CommandLine::CommandLine(Environment& environment)
    : environment_(environment),
      app_(std::string(Text{"idnode: register, resolve and count product identifiers on a "
                            "secondary node.",
                            "idnode：在二级节点上注册、解析标识并统计注册量。"}
                           .In(environment.language)),
           "idnode") {
  app_.formatter(std::make_shared<ExamplesFirst>(environment.language));
  app_.footer(
      "idnode register 88.108.1001/SN1 --class product --value URL=https://maker.example/SN1\n"
      "idnode resolve 88.108.1001/SN1\n"
      "idnode import catalogue.csv --prefix 88.108.1001 --suffix-column gtin --map name=NAME\n"
      "idnode volume");
  app_.set_version_flag("--version", std::string("idnode ") + IDNODE_VERSION);
  app_.require_subcommand(1);
  app_.fallthrough();
  AddGlobalOptions();
  AddRegister(*this);
  AddUpdate(*this);
  AddDelete(*this);
  AddState(*this);
  AddResolve(*this);
  AddList(*this);
  AddImport(*this);
  AddExport(*this);
  AddVolume(*this);
  AddStatement(*this);
  AddEnterprise(*this);
  AddPrefix(*this);
  AddTemplate(*this);
  AddApp(*this);
  AddToken(*this);
  AddUser(*this);
  AddLogin(*this);
  AddGrant(*this);
  AddAudit(*this);
  AddClock(*this);
  AddStatus(*this);
  AddWaitReady(*this);
  AddLedger(*this);
  AddRank(*this);
  AddWitness(*this);
  AddCompletion(*this);
}

void CommandLine::AddGlobalOptions() {
  GlobalOptions& options = environment_.options;
  app_.set_help_flag("-h,--help", T({"Print this help and exit", "显示帮助"}));
  app_.add_option("--server", options.server,
                  T({"HOST:PORT of the node's gRPC face", "节点 gRPC 地址 HOST:PORT"}))
      ->envname("IDNODE_SERVER")
      ->capture_default_str();
  app_.add_option("--token-file", options.token_file,
                  T({"File with the token to present (else IDNODE_TOKEN)",
                     "令牌文件（否则用环境变量 IDNODE_TOKEN）"}))
      ->check(CLI::ExistingFile);
  app_.add_flag(
      "--tls", options.tls,
      T({"Encrypt; the default except to this machine", "使用 TLS（非本机地址默认启用）"}));
  app_.add_option("--ca,--ca-file", options.ca_file,
                  T({"Certificates to trust instead of the system's (PEM)",
                     "信任的 CA 证书（PEM），替代系统证书"}))
      ->check(CLI::ExistingFile);
  CLI::Option* certificate =
      app_.add_option("--cert", options.certificate_file,
                      T({"Certificate to show to the node (PEM), instead of a token",
                         "向节点出示的客户端证书（PEM），可代替令牌"}))
          ->check(CLI::ExistingFile);
  CLI::Option* key = app_.add_option("--key", options.key_file,
                                     T({"Its private key (PEM)", "该证书的私钥（PEM）"}))
                         ->check(CLI::ExistingFile)
                         ->needs(certificate);
  certificate->needs(key);
  app_.add_flag("--plaintext", options.plaintext,
                T({"No encryption, also to another machine", "对其他机器也使用明文"}));
  app_.add_flag("--json", options.json,
                T({"Answers and errors as JSON", "以 JSON 输出结果和错误"}));
  app_.add_option("--timeout", options.timeout_s,
                  T({"Seconds to wait for one answer", "等待每次应答的秒数"}))
      ->capture_default_str();
}

CLI::App* CommandLine::Add(CLI::App* parent, const std::string& name, const Text& description,
                           const std::string& examples) {
  CLI::App* command = (parent == nullptr ? &app_ : parent)->add_subcommand(name, T(description));
  command->footer(examples);
  return command;
}

void CommandLine::OnRun(CLI::App* command, CommandLine& line, RunFn run) {
  command->callback([&line, run = std::move(run)] {
    // The callback of an inner command comes before that of the one it is in.
    if (!line.run_) line.run_ = run;
  });
}

ExitCode CommandLine::Run(int argc, const char* const* argv) {
  try {
    app_.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    environment_.out << app_.help() << std::flush;
    return kExitDone;
  } catch (const CLI::CallForVersion&) {
    environment_.out << "idnode " << IDNODE_VERSION << '\n' << std::flush;
    return kExitDone;
  } catch (const CLI::ParseError& error) {
    return ReportUsage(error, argc, argv);
  }
  if (environment_.options.plaintext && !environment_.options.token_file.empty() &&
      !IsLoopback(environment_.options.server)) {
    environment_.err << Say(environment_.language, messages::kPlainTextWarning,
                            environment_.options.server)
                     << '\n';
  }
  return run_(environment_);
}

ExitCode CommandLine::ReportUsage(const CLI::ParseError& error, int argc, const char* const* argv) {
  environment_.options.json = AsksForJson(argc, argv);
  std::string path = "idnode";
  for (const CLI::App* app = &app_; !app->get_subcommands().empty();) {
    app = app->get_subcommands().front();
    path += " " + app->get_name();
  }
  const ExitCode code = FailUsage(environment_, error.what());
  if (!environment_.options.json) {
    environment_.err << Say(environment_.language, messages::kHintHelp, path) << '\n' << std::flush;
  }
  return code;
}

}  // namespace idnode::cli
