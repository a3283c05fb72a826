#pragma once

#include "node/cli/text.h"

/// What the administrative commands say: enterprises, prefixes, templates, access, audit.
namespace idnode::cli::messages {

// Many of them.
inline constexpr Text kDone{"done", "完成"};
inline constexpr Text kWouldBeDone{"would be done", "将执行"};
inline constexpr Text kRepeatToGoOn{
    "not finished; the same command goes on (what is done is found unchanged)",
    "未完成；重复同一命令即可继续（已完成的行会报告为内容相同）"};
inline constexpr Text kRejectedRowsIn{"rows not done are in $0", "未完成的行已写入 $0"};
inline constexpr Text kListedMany{"$0 listed", "共 $0 条"};
inline constexpr Text kNothingChanged{"not confirmed; nothing was changed (--yes)",
                                      "未确认，未作任何更改（--yes）"};

// Heads of tables.
inline constexpr Text kField{"field", "字段"};
inline constexpr Text kBefore{"before", "变更前"};
inline constexpr Text kAfter{"after", "变更后"};
inline constexpr Text kCreditCode{"credit code", "统一社会信用代码"};
inline constexpr Text kEnterprise{"enterprise", "企业"};
inline constexpr Text kIndustry{"industry", "行业"};
inline constexpr Text kRegion{"region", "地区"};
inline constexpr Text kAddress{"address", "地址"};
inline constexpr Text kContact{"contact", "联系人"};
inline constexpr Text kLegalPerson{"legal person", "法定代表人"};
inline constexpr Text kNature{"nature", "单位性质"};
inline constexpr Text kHosting{"hosting", "托管方式"};
inline constexpr Text kRoute{"route", "解析路由"};
inline constexpr Text kIdentifiers{"identifiers", "标识数"};
inline constexpr Text kQuotaIdentifiers{"quota of identifiers", "标识数配额"};
inline constexpr Text kQuotaRate{"quota a second", "每秒配额"};
inline constexpr Text kSoftHard{"$0 soft, $1 hard", "软 $0，硬 $1"};
inline constexpr Text kUnlimited{"none", "不限"};
inline constexpr Text kTime{"time", "时间"};
inline constexpr Text kBy{"by", "操作者"};
inline constexpr Text kOwner{"owner", "所属前缀"};
inline constexpr Text kInUse{"in use", "使用中"};
inline constexpr Text kPublishedAt{"published", "发布时间"};
inline constexpr Text kTitle{"title", "标题"};
inline constexpr Text kDescription{"description", "说明"};
inline constexpr Text kIndex{"index", "序号"};
inline constexpr Text kItem{"item", "属性"};
inline constexpr Text kItems{"items", "属性"};
inline constexpr Text kType{"type", "类型"};
inline constexpr Text kRules{"rules", "规则"};
inline constexpr Text kVisibility{"visibility", "可见性"};
inline constexpr Text kRole{"role", "角色"};
inline constexpr Text kTokens{"tokens", "令牌"};
inline constexpr Text kToken{"token", "令牌"};
inline constexpr Text kCertificates{"certificates", "证书"};
inline constexpr Text kExpiresAt{"expires", "到期时间"};
inline constexpr Text kNever{"never", "不过期"};
inline constexpr Text kUser{"user", "账号"};
inline constexpr Text kDisabled{"disabled", "已停用"};
inline constexpr Text kGrantId{"grant", "授权"};
inline constexpr Text kOf{"of", "授权内容"};
inline constexpr Text kTo{"to", "授予"};
inline constexpr Text kEndsAt{"ends", "截止时间"};
inline constexpr Text kEnterprises{"enterprises", "企业"};
inline constexpr Text kApplications{"applications", "应用"};
inline constexpr Text kNumber{"number", "编号"};
inline constexpr Text kWho{"who", "主体"};
inline constexpr Text kFrom{"from", "来源"};
inline constexpr Text kAction{"action", "操作"};
inline constexpr Text kTargetOf{"target", "对象"};
inline constexpr Text kResult{"result", "结果"};
inline constexpr Text kRefusedWith{"refused: $0", "拒绝：$0"};
inline constexpr Text kTimes{"$0 times", "$0 次"};

// Enterprises and prefixes.
inline constexpr Text kAddedEnterprise{"added $0", "已登记 $0"};
inline constexpr Text kChangedEnterprise{"changed $0", "已修改 $0"};
inline constexpr Text kUnchangedObject{"unchanged: $0", "内容相同：$0"};
inline constexpr Text kWouldAdd{"would add $0", "将登记 $0"};
inline constexpr Text kWouldChange{"would change $0", "将修改 $0"};
inline constexpr Text kApplied{"applied for $0: it awaits audit", "已申请 $0，待审核"};
inline constexpr Text kWouldApply{"would apply for $0", "将申请 $0"};
inline constexpr Text kWouldAdmit{"would admit $0", "将开通 $0"};
inline constexpr Text kPrefixIs{"$0 is $1", "$0 的状态：$1"};
inline constexpr Text kPrefixWouldBe{"$0 is $1; it would be $2", "$0 的状态：$1；将变为：$2"};
inline constexpr Text kConfirmState{"$0 is $1, with $2 identifiers. Set it to $3? Type yes: ",
                                    "$0 的状态为 $1，有 $2 个标识。确认改为 $3？请输入 yes："};
inline constexpr Text kRouteSet{"$0: $1", "$0：$1"};
inline constexpr Text kHosted{"hosted", "托管"};
inline constexpr Text kSelfHosted{"self-hosted", "自建"};

// Templates.
inline constexpr Text kPutDraft{"$0 of $1 is a draft", "$1 的 $0 已存为草稿"};
inline constexpr Text kPublished{"published $0 of $1", "已发布 $1 的 $0"};
inline constexpr Text kWithdrawn{"withdrew $0 of $1", "已撤回 $1 的 $0"};
inline constexpr Text kDeletedTemplate{"deleted $0 of $1", "已删除 $1 的 $0"};
inline constexpr Text kConfirmTemplateDelete{"Delete $0 of $1? Type yes: ",
                                             "确认删除 $1 的 $0？请输入 yes："};
inline constexpr Text kWouldDeleteTemplate{"would delete $0 of $1", "将删除 $1 的 $0"};
inline constexpr Text kTemplateValid{"valid: $0 items", "有效：$0 个属性"};
inline constexpr Text kWouldPut{"would put $0 of $1", "将存入 $1 的 $0"};
inline constexpr Text kDraft{"draft", "草稿"};
inline constexpr Text kIsPublished{"published", "已发布"};
inline constexpr Text kIsWithdrawn{"withdrawn", "已撤回"};
inline constexpr Text kRequired{"required", "必填"};
inline constexpr Text kUnique{"unique", "唯一"};
inline constexpr Text kPublic{"public", "公开"};
inline constexpr Text kGranted{"granted", "授权"};
inline constexpr Text kPrivate{"private", "私有"};

// Applications, tokens, people.
inline constexpr Text kTokenRevoked{"revoked token $1 of $0", "已吊销 $0 的令牌 $1"};
inline constexpr Text kTokenRotated{"token $1 of $0; the others end by $2",
                                    "$0 的新令牌为 $1；其余令牌至 $2 失效"};
inline constexpr Text kBound{"bound $1 to $0", "已将 $1 绑定到 $0"};
inline constexpr Text kUnbound{"unbound $1 from $0", "已解除 $0 与 $1 的绑定"};
inline constexpr Text kNow{"now", "现在"};
inline constexpr Text kAskPassword{"Password of $0: ", "$0 的密码："};
inline constexpr Text kAskNewPassword{"New password of $0: ", "$0 的新密码："};
inline constexpr Text kAskOldPassword{"Present password of $0: ", "$0 的现密码："};
inline constexpr Text kAskAgain{"Once more: ", "再输入一次："};
inline constexpr Text kUserAdded{"added $0", "已添加 $0"};
inline constexpr Text kPasswordSet{"the password of $0 is changed; its sessions have ended",
                                   "$0 的密码已修改，其登录已全部失效"};
inline constexpr Text kUserDisabled{"$0 is disabled; its sessions have ended",
                                    "$0 已停用，其登录已全部失效"};
inline constexpr Text kUserEnabled{"$0 is enabled", "$0 已启用"};
inline constexpr Text kLoggedIn{"logged in as $0 until $1", "已登录为 $0，至 $1 失效"};

// Grants.
inline constexpr Text kGrantAdded{"granted: $0", "已授权：$0"};
inline constexpr Text kGrantRevoked{"revoked grant $0", "已撤销授权 $0"};
inline constexpr Text kAnyone{"anyone", "任何人"};
inline constexpr Text kOwnerAlone{"the owner alone", "仅所有者"};

// Audit.
inline constexpr Text kAuditExported{"$0 entries written, $1 in all; the chain holds up to $2",
                                     "已写出 $0 条，共 $1 条；链校验至第 $2 条"};
inline constexpr Text kAuditGoingOn{"$0 holds entries $1 to $2; going on",
                                    "$0 已有第 $1 至 $2 条，继续导出"};
inline constexpr Text kAuditHolds{"the chain holds: entries $0 to $1, head $2",
                                  "链完整：第 $0 至 $1 条，链首 $2"};
inline constexpr Text kAuditBroken{"the chain is broken at entry $0", "链在第 $0 条处断开"};
inline constexpr Text kAuditEmpty{"the audit log is empty", "审计日志为空"};

}  // namespace idnode::cli::messages
