"""What people read when they are refused: title and detail by code, English and Japanese.

A text may name the fields of its refusal in braces. Codes never change; texts may.
"""

from __future__ import annotations

from typing import Any

Text = tuple[str, str]

TITLES: dict[str, Text] = {
    "malformed_json": ("The body is not valid JSON.", "本文が正しいJSONではありません。"),
    "bad_cursor": ("The cursor is not one of this list.", "カーソルがこの一覧のものではありません。"),
    "bad_header": ("A header can't be read.", "ヘッダーを読み取れません。"),
    "unauthenticated": ("The token or key is not valid.", "トークンまたはキーが無効です。"),
    "forbidden": ("This is not allowed with this token or key.", "このトークンまたはキーでは許可されていません。"),
    "wrong_store": ("This key belongs to another store.", "このキーは別の店舗のものです。"),
    "presence_required": (
        "Spending points needs the member's rotating code.",
        "ポイントの利用には会員のワンタイムコードが必要です。",
    ),
    "terminal_paused": (
        "This till is paused. Please call the person in charge.",
        "このレジは停止中です。責任者にお問い合わせください。",
    ),
    "alert_not_found": ("There is no such alert.", "該当するアラートが見つかりません。"),
    "alert_resolved": ("This alert is resolved already: {verdict}.", "このアラートはすでに対応済みです({verdict})。"),
    "staff_not_found": ("There is no such member of staff.", "該当する従業員が見つかりません。"),
    "webhook_not_found": ("There is no such webhook.", "該当するWebhookが見つかりません。"),
    "store_not_found": ("There is no such store.", "該当する店舗が見つかりません。"),
    "consent_required": ("The member has not given consent for this.", "会員の同意がありません。"),
    "not_a_member": ("This login is not a member yet.", "このログインはまだ会員登録されていません。"),
    "route_not_found": ("There is no such address.", "このアドレスは存在しません。"),
    "method_not_allowed": ("This address does not take this method.", "このメソッドは使用できません。"),
    "body_too_large": ("The body is too large.", "本文が大きすぎます。"),
    "unsupported_media_type": ("Send JSON (application/json).", "JSON(application/json)で送信してください。"),
    "invalid_request": ("A field is missing or wrong.", "入力内容に誤りがあります。"),
    "id_reused": ("This id was used for other content.", "このIDは別の内容で使用済みです。"),
    "too_many_requests": ("Too many requests. Please wait.", "リクエストが多すぎます。しばらくお待ちください。"),
    "temporarily_unavailable": (
        "Not available for the moment. Send the same request again.",
        "一時的に処理できません。同じリクエストをもう一度送信してください。",
    ),
    "internal_error": ("Something went wrong on our side.", "サーバーでエラーが発生しました。"),
    "reversed": ("This id was reversed and is closed for good.", "このIDは取り消し済みのため使用できません。"),
    "reverse_window_over": (
        "A till can undo this within 24 hours only.",
        "レジからの取り消しは24時間以内に限られます。",
    ),
    "key_over": ("This key is revoked or has expired.", "このキーは失効しているか、有効期限が切れています。"),
    "identity_taken": ("This identity belongs to another member.", "この識別子は別の会員に登録されています。"),
    "already_merged": (
        "The member {member_id} is merged into {merged_into}.",
        "会員{member_id}はすでに{merged_into}に統合されています。",
    ),
    "not_merged": ("This member is not merged.", "この会員は統合されていません。"),
    "too_many_merges": (
        "The member was merged and parted {limit} times already.",
        "この会員の統合と解除はすでに{limit}回行われています。",
    ),
    "insufficient_points": (
        "{required} points are needed, {available} are available.",
        "{required}ポイント必要ですが、利用可能なのは{available}ポイントです。",
    ),
    "approval_required": (
        "Somebody else must approve this.",
        "別の担当者による承認が必要です。",
    ),
    "too_many_holds": (
        "The member has {limit} open holds already.",
        "未確定のポイント保留がすでに{limit}件あります。",
    ),
    "hold_closed": ("This hold was captured or released already.", "この保留はすでに確定または解放されています。"),
    "exceeds_hold": ("Only {held} points are held.", "保留されているのは{held}ポイントです。"),
    "budget_exceeded": ("The budget does not cover this award.", "予算が不足しています。"),
    "partner_paused": ("This partner's awards are paused.", "このパートナーのポイント付与は停止中です。"),
    "statement_too_long": (
        "The month has more than {lines_max} awards, too many for one answer. Please ask the shop for them.",
        "この月の付与は{lines_max}件を超えるため、一度に表示できません。運営元にお問い合わせください。",
    ),
    "cap_exceeded": ("The limit {cap} ({limit}) is reached.", "上限({cap}: {limit})に達しています。"),
    "currency_mismatch": ("The programme's currency is {expected}.", "プログラムの通貨は{expected}です。"),
    "occurred_in_future": ("This time lies in the future.", "日時が未来になっています。"),
    "purchase_completed": (
        "The purchase is completed already. Return it instead.",
        "この購入はすでに完了しています。返品として処理してください。",
    ),
    "purchase_cancelled": ("The purchase was cancelled.", "この購入はキャンセル済みです。"),
    "return_exceeds_purchase": (
        "More comes back than is left of the purchase.",
        "返品内容が購入の残りを超えています。",
    ),
    "receipt_claimed": ("This receipt was claimed already.", "このレシートはすでに登録済みです。"),
    "claim_window_over": (
        "A receipt can be claimed within {days} days of the purchase.",
        "レシートの登録は購入から{days}日以内に限られます。",
    ),
    "exceeds_total": ("More points than the purchase costs.", "利用ポイントが購入金額を超えています。"),
    "premium_limit_exceeded": (
        "More than the law on premiums allows: the limit is {limit}.",
        "景品表示法の上限({limit})を超えています。",
    ),
    "version_conflict": (
        "It was changed in the meantime. Read it again.",
        "他の変更と競合しました。再取得してください。",
    ),
    "code_not_usable": ("This code can't be used.", "このコードは使用できません。"),
    "code_not_applicable": ("This code does not fit this basket.", "このコードはこの買い物には使用できません。"),
    "campaign_not_active": ("The campaign is not active.", "キャンペーンは現在利用できません。"),
    "campaign_exhausted": ("The campaign has run out.", "キャンペーンの上限に達しました。"),
    "held_out": (
        "The campaign holds this member out, to be compared with.",
        "この会員はキャンペーンの比較対照グループのため、発行されません。",
    ),
    "campaigns_full": (
        "There is no room for another campaign.",
        "これ以上キャンペーンを登録できません。",
    ),
    "void_window_over": (
        "A till can void it until the end of the next business day only.",
        "レジでの取り消しは翌営業日の終わりまでです。",
    ),
    "member_limit_reached": ("The member's limit is reached.", "会員ごとの上限に達しました。"),
    "stamp_limit_reached": (
        "The card takes {per_day} stamps a day, {left} more today.",
        "スタンプは1日{per_day}個までです。本日はあと{left}個です。",
    ),
    "stamp_programmes_full": (
        "There is no room for another stamp programme.",
        "これ以上スタンププログラムを登録できません。",
    ),
    "token_invalid": ("The token is not one of ours.", "トークンが無効です。"),
    "token_expired": (
        "The token had run out when it was taken.",
        "利用時点でトークンの有効期限が切れていました。",
    ),
    "allowance_not_found": ("There is no such allowance.", "該当するオフライン許可が見つかりません。"),
    "allowance_over": (
        "It did not happen within the time of the allowance.",
        "オフライン許可の有効時間外の取引です。",
    ),
    "allowance_used_up": (
        "The loss lies beyond the day's allowance.",
        "損失が当日のオフライン許可額を超えています。",
    ),
    "hold_open": (
        "The coupon is held by this redemption. Capture it.",
        "このクーポンは同じ取引で保留中です。確定してください。",
    ),
    "terminal_not_found": (
        "No key says where this terminal stands. Name its store.",
        "該当する端末が見つかりません。店舗を指定してください。",
    ),
    "review_decided": ("It was decided otherwise before.", "すでに別の判断がされています。"),
    "code_used": ("This code was used. Show a new one.", "このコードは使用済みです。新しいコードを表示してください。"),
    "code_expired": (
        "This code has expired. Show a new one.",
        "コードの有効期限が切れています。新しいコードを表示してください。",
    ),
}

FIELDS = {
    "missing": "必須項目です。",
    "extra_forbidden": "定義されていない項目です。",
    "int_type": "整数を指定してください。",
    "int_from_float": "整数を指定してください。",
    "float_type": "数値を指定してください。",
    "bool_type": "true または false を指定してください。",
    "string_type": "文字列を指定してください。",
    "string_too_short": "文字数が足りません。",
    "string_too_long": "文字数が多すぎます。",
    "string_pattern_mismatch": "形式が正しくありません。",
    "list_type": "配列を指定してください。",
    "tuple_type": "配列を指定してください。",
    "dict_type": "オブジェクトを指定してください。",
    "model_type": "オブジェクトを指定してください。",
    "too_short": "要素数が足りません。",
    "too_long": "要素数が多すぎます。",
    "greater_than": "値が小さすぎます。",
    "greater_than_equal": "値が小さすぎます。",
    "less_than": "値が大きすぎます。",
    "less_than_equal": "値が大きすぎます。",
    "literal_error": "選択できない値です。",
    "datetime_type": "日時を指定してください。",
    "datetime_from_date_parsing": "日時を指定してください。",
    "timezone_aware": "日時にはタイムゾーンが必要です。",
    "date_from_datetime_parsing": "日付を指定してください。",
    "value_error": "値が正しくありません。",
    "duplicate": "他と重複しています。",
    "reserved": "この名称は使用できません。",
    "differs": "他の項目と一致していません。",
    "unknown_column": "定義されていない列です。",
    "unknown_tier": "該当するランクがありません。",
    "not_for_kind": "この種類では指定できません。",
    "not_for_lots": "ポイントごとには指定できません。",
    "not_increasing": "前の値より大きくしてください。",
    "not_zero": "最初のランクは0から始めてください。",
    "factor_below_one": "1倍未満では指定できません。",
    "too_many_caps": "上限つきのルールが多すぎます。",
    "needs_yen": "日本円のプログラムでのみ指定できます。",
    "fixed": "一度設定した値は変更できません。",
    "window_empty": "終了が開始より前になっています。",
    "premium_limit_exceeded": "景品表示法の上限を超えています。",
    "month": "2026-11 のような年月を指定してください。",
    "date": "2026-12-31 のような日付を指定してください。",
    "in_future": "まだ始まっていない日です。",
    "unknown_event": "該当する種類のイベントがありません。",
    "not_a_trigger": "このイベントではクーポンを発行できません。",
    "not_claimable": "会員が自分で取得できるクーポンにのみ指定できます。",
    "not_taken_yet": "まだ対応していません。",
    "not_for_stamps": "スタンプカードには使用できないキャンペーンです。",
    "not_made_here": "このキャンペーンのコードは別の方法で発行されます。",
    "unknown_line": "この購入にない明細です。",
    "itself": "同じ会員には統合できません。",
    "not_confirmed": "true、または会員自身のIDを指定してください。",
    "other_coupon": "トークンとは別のクーポンのコードです。",
    "out_of_range": "指定できる範囲外です。",
    "below_minimum": "1回に利用できる最小ポイントを下回っています。",
    "off_step": "利用単位の倍数で指定してください。",
    "exceeds_share": "この金額に利用できるポイントの上限を超えています。",
}
"""What a faulty field is told in Japanese, by the kind of fault; kinds that are not here speak English."""

_NOUNS = {
    "member": "会員",
    "merge": "会員統合",
    "hold": "ポイント保留",
    "adjustment": "ポイント調整",
    "identity": "識別子",
    "purpose": "同意項目",
    "partner": "パートナー",
    "key": "キー",
    "store": "店舗",
    "version": "バージョン",
    "purchase": "購入",
    "campaign": "キャンペーン",
    "programme": "プログラム",
    "coupon": "クーポン",
    "claim": "クーポン取得",
    "redemption": "クーポン利用",
    "report": "レポート",
    "job": "ジョブ",
}
_NOT_FOUND: Text = ("There is no such {thing}.", "該当する{thing}が見つかりません。")


def title(code: str, fields: dict[str, Any], language: str) -> str:
    """The sentence for a code in `en` or `ja`; a code without a text of its own speaks for itself."""
    text = TITLES.get(code)
    if text is None and code.endswith("_not_found"):
        thing = code.removesuffix("_not_found").replace("_", " ")
        text, fields = _NOT_FOUND, {"thing": _NOUNS.get(thing, thing) if language == "ja" else thing}
    if text is None:
        return code
    return text[language == "ja"].format_map(_Blank(fields))


class _Blank(dict[str, Any]):
    """Leaves a field that a refusal did not bring as it stands in the text."""

    def __missing__(self, key: str) -> str:
        return "{" + key + "}"
