#include "node/frontend/http/ledger_page.h"

#include <algorithm>
#include <array>
#include <span>
#include <vector>

#include "node/base/text.h"
#include "node/ledger/checkpoint.h"
#include "node/ledger/signed_note.h"

namespace idnode::frontend::http {
namespace {

// Chinese and English of one thing.
struct Words {
  std::string_view name;
  std::string_view zh;
  std::string_view en;
};

constexpr std::string_view kStyle =
    "body{font:15px/1.5 system-ui,'Noto Sans CJK SC','Microsoft YaHei',sans-serif;max-width:60rem;"
    "margin:2rem auto;padding:0 1rem;color:#1a1a1a;background:#fff}"
    "h1{font-size:1.5rem;margin:0}h2{font-size:1.1rem;margin:2rem 0 .5rem;border-bottom:1px solid "
    "#bbb}h3{font-size:1rem;margin:1.2rem 0 .3rem}.en{color:#555;font-weight:normal}"
    ".status{display:inline-block;border:1px solid;border-radius:.3rem;padding:0 .5rem}"
    ".provisional{color:#8a5a00}.final{color:#1b5e20}"
    ".big{font-size:2.4rem;font-variant-numeric:tabular-nums;margin:.5rem 0 0}"
    "table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;padding:"
    ".25rem .5rem;border-bottom:1px solid #ddd}td.n,th.n{text-align:right;"
    "font-variant-numeric:tabular-nums;white-space:nowrap}thead th{background:#f3f3f3}"
    "code,pre{font:12px/1.4 ui-monospace,'DejaVu Sans Mono',monospace;overflow-wrap:anywhere;"
    "white-space:pre-wrap}pre{background:#f6f6f6;padding:.5rem}"
    "@page{size:A4;margin:15mm}@media print{body{margin:0;max-width:none;font-size:10pt}"
    "h2,h3{break-after:avoid}tr,pre{break-inside:avoid}thead{display:table-header-group}"
    "pre,thead th{background:none;border:1px solid #bbb}}";

constexpr std::array<Words, ledger::kBreakdowns> kBreakdownWords = {{
    {"day", "按日", "By day"},
    {"secondary-prefix", "按二级节点前缀", "By secondary prefix"},
    {"enterprise-prefix", "按企业前缀", "By enterprise prefix"},
    {"industry", "按行业", "By industry"},
    {"region", "按地区", "By region"},
    {"application", "按应用", "By application"},
    {"template", "按数据模板", "By template"},
    {"object-class", "按对象类别", "By object class"},
}};

// What a measure says, for somebody who has never heard of it.
constexpr std::array kEvidenceWords = {
    Words{"distinct-content", "本月首次注册的记录中，内容互不相同的数量（估计值）。",
          "How many different contents the month's first-ever records have (an estimate)."},
    Words{"share-identical-content",
          "内容与其他记录完全相同的记录所占比例。比例高说明可能批量复制。",
          "The share of records whose content another record has too. A high share hints at copies "
          "made in bulk."},
    Words{"share-never-resolved",
          "本月注册后从未被解析过的标识所占比例（估计值）。比例高说明标识可能没有实际使用。",
          "The share of the month's identifiers that nobody ever resolved (an estimate). A high "
          "share hints at identifiers that are not in use."},
    Words{"share-without-attributes",
          "既没有属性也没有标识值的记录所占比例：空记录说明不了任何产品。",
          "The share of records with neither attributes nor values: an empty record describes no "
          "product."},
    Words{"longest-sequence-run", "末尾数字逐一递增的标识，连续最长有多少个。",
          "The longest run of identifiers whose trailing number goes up one by one."},
    Words{"largest-application", "注册最多的应用及其占比。",
          "The application that registered most, and its share."},
    Words{"largest-source-address", "注册最多的来源地址所占比例；地址本身不公开。",
          "The share of the network address from which most was registered; the address is not "
          "told."},
};

const Words* Find(std::span<const Words> words, std::string_view name) {
  const auto found =
      std::find_if(words.begin(), words.end(), [&](const Words& w) { return w.name == name; });
  return found == words.end() ? nullptr : &*found;
}

class Page {
 public:
  explicit Page(std::string& out) : out_(out) {}

  Page& Raw(std::string_view html) {
    out_.append(html);
    return *this;
  }
  Page& Text(std::string_view text) {
    AppendHtml(text, out_);
    return *this;
  }
  Page& Both(std::string_view zh, std::string_view en) {
    return Raw("<span lang=\"zh-CN\">")
        .Text(zh)
        .Raw("</span> <span class=\"en\" lang=\"en\">")
        .Text(en)
        .Raw("</span>");
  }
  Page& Heading(std::string_view zh, std::string_view en) {
    return Raw("<h2>").Both(zh, en).Raw("</h2>\n");
  }
  // A row of two cells; the second is code where `code`.
  Page& Fact(std::string_view zh, std::string_view en, std::string_view value) {
    return Raw("<tr><th scope=\"row\">")
        .Both(zh, en)
        .Raw("</th><td><code>")
        .Text(value)
        .Raw("</code></td></tr>\n");
  }
  Page& Number(std::int64_t number) {
    return Raw("<td class=\"n\">").Text(GroupedDigits(number)).Raw("</td>");
  }

 private:
  std::string& out_;
};

void AppendSummary(const ledger::Statement& read, Page& page) {
  const bool is_final = read.status == ledger::StatementStatus::kFinal;
  const std::string month = read.month.Text();
  page.Raw("<h1>").Both(month + " 月度注册量声明", "Monthly registration statement").Raw("</h1>\n");
  page.Raw(is_final ? "<p><span class=\"status final\">"
                    : "<p><span class=\"status provisional\">");
  page.Both(is_final ? "终计：本月已关账，数字不再变化" : "暂计：本月尚未关账，数字仍在变化",
            is_final ? "final: the month is closed, the figures stand"
                     : "provisional: the month runs, the figures change");
  page.Raw("</span></p>\n<p class=\"big\">").Text(GroupedDigits(read.figures.first_ever));
  page.Raw("</p>\n<p>")
      .Both("首次注册量：每个标识一生只计一次",
            "first-ever registrations: an identifier counts once in its life");
  page.Raw("</p>\n<p>");
  const std::string target = GroupedDigits(read.target);
  if (read.target_met) {
    page.Both("已达到目标 " + target, "The target of " + target + " is met.");
  } else {
    const std::string left =
        GroupedDigits(std::max<std::int64_t>(read.target - read.figures.first_ever, 0));
    page.Both("未达到目标 " + target + "，还差 " + left,
              "The target of " + target + " is not met: " + left + " to go.");
  }
  page.Raw("</p>\n");
}

void AppendFigures(const ledger::Statement& read, Page& page) {
  const auto row = [&](std::string_view zh, std::string_view en, std::int64_t number) {
    page.Raw("<tr><th scope=\"row\">").Both(zh, en).Raw("</th>").Number(number).Raw("</tr>\n");
  };
  page.Heading("数字", "Figures").Raw("<table>\n");
  row("首次注册", "First-ever registrations", read.figures.first_ever);
  row("全部注册", "All registrations", read.figures.registrations);
  row("重新注册", "Re-registrations", read.figures.re_registrations);
  row("删除", "Deletions", read.figures.deletions);
  row("净增（全部注册减删除）", "Net (registrations less deletions)", read.figures.net());
  row("已上报国家顶级节点", "Reported to the national top node", read.figures.reported_upward);
  row("目标", "Target", read.target);
  page.Raw("</table>\n");
}

void AppendTree(const ledger::Statement& read, Page& page) {
  page.Heading("存证账本", "The ledger");
  page.Raw("<p>").Both(
      "每次首次注册都是一棵只增不改的默克尔树的一个叶子。因此本月的首次注册量就是两次关账之间树的增"
      "长：",
      "Every first-ever registration is a leaf of an append-only Merkle tree. So the month's count "
      "is by how much the tree grew between two closes:");
  page.Raw("</p>\n<p class=\"n\">")
      .Text(GroupedDigits(static_cast<std::int64_t>(read.tree_end.size)))
      .Raw(" − ")
      .Text(GroupedDigits(static_cast<std::int64_t>(read.tree_start.size)))
      .Raw(" = <strong>")
      .Text(GroupedDigits(static_cast<std::int64_t>(read.tree_end.size - read.tree_start.size)))
      .Raw("</strong></p>\n<table>\n");
  page.Fact("月初树根", "Root at the start", ledger::HashText(read.tree_start.root));
  page.Fact("月末树根", "Root at the end", ledger::HashText(read.tree_end.root));
  page.Raw("</table>\n");
}

void AppendBreakdown(ledger::Breakdown breakdown, std::vector<const ledger::StatementRow*> rows,
                     Page& page) {
  if (rows.empty()) return;
  if (breakdown != ledger::Breakdown::kDay) {
    std::stable_sort(rows.begin(), rows.end(), [](const auto* a, const auto* b) {
      return a->figures.first_ever > b->figures.first_ever;
    });
  }
  const std::size_t all = rows.size();
  if (all > kPageRowsMax) rows.resize(kPageRowsMax);
  const std::string_view name = ledger::BreakdownName(breakdown);
  const Words* words = Find(kBreakdownWords, name);
  page.Raw("<h3>").Both(words == nullptr ? name : words->zh, words == nullptr ? name : words->en);
  page.Raw("</h3>\n<table>\n<thead><tr><th></th>");
  for (const Words& head :
       {Words{"", "首次", "First-ever"}, Words{"", "全部", "All"}, Words{"", "重新", "Again"},
        Words{"", "删除", "Deleted"}, Words{"", "净增", "Net"}, Words{"", "已上报", "Reported"}}) {
    page.Raw("<th class=\"n\" scope=\"col\">").Both(head.zh, head.en).Raw("</th>");
  }
  page.Raw("</tr></thead>\n<tbody>\n");
  for (const ledger::StatementRow* row : rows) {
    page.Raw("<tr><th scope=\"row\">");
    if (row->key.empty()) {
      page.Both("（无）", "(none)");
    } else {
      page.Text(row->key);
    }
    page.Raw("</th>");
    const ledger::StatementFigures& figures = row->figures;
    page.Number(figures.first_ever).Number(figures.registrations).Number(figures.re_registrations);
    page.Number(figures.deletions).Number(figures.net()).Number(figures.reported_upward);
    page.Raw("</tr>\n");
  }
  page.Raw("</tbody></table>\n");
  if (all > kPageRowsMax) {
    const std::string shown = GroupedDigits(kPageRowsMax);
    const std::string of = GroupedDigits(static_cast<std::int64_t>(all));
    page.Raw("<p>").Both("仅列出 " + of + " 行中的前 " + shown + " 行，其余见签名原文。",
                         "The first " + shown + " of " + of + " rows; the note has all.");
    page.Raw("</p>\n");
  }
}

void AppendBreakdowns(const ledger::Statement& read, Page& page) {
  if (read.rows.empty()) return;
  std::array<std::vector<const ledger::StatementRow*>, ledger::kBreakdowns> rows;
  for (const ledger::StatementRow& row : read.rows) {
    rows[static_cast<std::size_t>(row.breakdown)].push_back(&row);
  }
  page.Heading("分组", "Breakdown");
  for (std::size_t i = 0; i < rows.size(); ++i) {
    AppendBreakdown(static_cast<ledger::Breakdown>(i), std::move(rows[i]), page);
  }
}

void AppendEvidence(const ledger::Statement& read, Page& page) {
  if (read.evidence.empty()) return;
  page.Heading("防刷量证据", "Evidence against inflated volume").Raw("<table>\n");
  for (const auto& [name, value] : read.evidence) {
    page.Raw("<tr><th scope=\"row\"><code>").Text(name).Raw("</code></th><td><strong>").Text(value);
    page.Raw("</strong>");
    if (const Words* words = Find(kEvidenceWords, name); words != nullptr) {
      page.Raw("<br>").Both(words->zh, words->en);
    }
    page.Raw("</td></tr>\n");
  }
  page.Raw("</table>\n");
}

void AppendProvenance(const service::StatementReport& report, const service::LedgerService& ledger,
                      Page& page) {
  const ledger::Statement& read = report.read;
  const auto hex = [](const Digest& digest) {
    return Hex({reinterpret_cast<const char*>(digest.data()), digest.size()});
  };
  page.Heading("出处", "Where it comes from").Raw("<table>\n");
  page.Fact("账本", "Log (origin)", read.origin).Fact("计数时区", "Time zone", read.time_zone);
  page.Fact("生成时间", "Made at", FormatUtcMs(read.generated_at_ms));
  const auto note = ledger::ParseNote(report.note, ledger::kStatementNoteBytesMax);
  if (note.ok()) {
    page.Fact("本声明摘要", "SHA-256 of this statement's text",
              hex(ledger::StatementDigest(note->text)));
  }
  page.Fact("上一份声明摘要", "SHA-256 of the statement before",
            read.previous.has_value() ? hex(*read.previous) : "none");
  page.Fact("验证公钥 (Ed25519)", "Verifier key", ledger.VerifierKey());
  if (const std::string sm2 = ledger.VerifierKeySm2(); !sm2.empty()) {
    page.Fact("验证公钥（国密 SM2）", "Verifier key (SM2)", sm2);
  }
  page.Raw("</table>\n");
}

void AppendChecking(const service::StatementReport& report, Page& page) {
  const std::string month = report.read.month.Text();
  page.Heading("如何核对", "How to check").Raw("<ol>\n<li>");
  page.Both("从本节点以外的渠道取得验证公钥，与上面的公钥比较：本页自身不能证明自己。",
            "Get the verifier key some other way than from this node, and compare it with the one "
            "above: this page cannot vouch for itself.");
  page.Raw("</li>\n<li>");
  page.Both("取签名原文：", "Fetch the signed note:");
  page.Raw(" <code>curl NODE/ledger/statement/").Text(month).Raw("?format=note</code></li>\n<li>");
  page.Both("用 idnode 验证签名、树根与数量：",
            "Let idnode verify the signature, the roots and the count:");
  page.Raw(" <code>idnode ledger verify --help</code></li>\n<li>");
  page.Both("任何支持 C2SP signed-note 与 tlog-tiles 的程序都能独立核对：",
            "Any program that speaks C2SP signed-note and tlog-tiles can check it on its own:");
  page.Raw(" <code>NODE/ledger/checkpoint</code>, <code>NODE/ledger/tile/…</code></li>\n<li>");
  page.Both("任何人都可证明一个标识在账本中：",
            "Anyone can have it proved that an identifier is in the ledger:");
  page.Raw(" <code>NODE/ledger/proof/inclusion?identifier=PREFIX/SUFFIX</code></li>\n</ol>\n");
}

void AppendNotes(const service::StatementReport& report, Page& page) {
  page.Heading("签名原文", "Signed note");
  if (report.note.size() <= kPageNoteBytesMax) {
    page.Raw("<pre>").Text(report.note).Raw("</pre>\n");
  } else {
    page.Raw("<p><a href=\"?format=note\">");
    page.Both("原文较长，单独提供", "It is long, and stands by itself").Raw("</a></p>\n");
  }
  if (report.checkpoint.empty()) return;
  page.Heading("检查点（含见证签名）", "Checkpoint with cosignatures");
  page.Raw("<pre>").Text(report.checkpoint).Raw("</pre>\n");
}

}  // namespace

void AppendHtml(std::string_view text, std::string& out) {
  for (const char c : text) {
    switch (c) {
      case '&':
        out.append("&amp;");
        break;
      case '<':
        out.append("&lt;");
        break;
      case '>':
        out.append("&gt;");
        break;
      case '"':
        out.append("&quot;");
        break;
      case '\'':
        out.append("&#39;");
        break;
      default:
        out.push_back(c);
    }
  }
}

std::string GroupedDigits(std::int64_t number) {
  const std::string digits = std::to_string(number);
  const std::size_t sign = digits[0] == '-' ? 1 : 0;
  std::string grouped;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i > sign && (digits.size() - i) % 3 == 0) grouped.push_back(',');
    grouped.push_back(digits[i]);
  }
  return grouped;
}

std::string StatementPage(const service::StatementReport& report,
                          const service::LedgerService& ledger) {
  std::string html;
  html.reserve(16 * 1024 + report.note.size());
  Page page(html);
  const ledger::Statement& read = report.read;
  page.Raw(
      "<!doctype html>\n<html lang=\"zh-CN\">\n<head><meta charset=\"utf-8\">"
      "<meta name=\"viewport\" content=\"width=device-width\">\n<title>");
  page.Text(read.month.Text()).Text(" 月度注册量声明 · Registration statement · ");
  page.Text(read.origin).Raw("</title>\n<style>").Raw(kStyle).Raw("</style></head>\n<body>\n");
  AppendSummary(read, page);
  AppendFigures(read, page);
  AppendTree(read, page);
  AppendEvidence(read, page);
  AppendBreakdowns(read, page);
  AppendProvenance(report, ledger, page);
  AppendChecking(report, page);
  AppendNotes(report, page);
  page.Raw("</body></html>\n");
  return html;
}

}  // namespace idnode::frontend::http
