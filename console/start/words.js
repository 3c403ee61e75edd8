// What people read on the start page.

export const TEXTS = {
  ja: {
    language: "言語",
    begin: "おもてなしを、画面で体験する",
    intro:
      "お客様、レジ、提携店、お店のそれぞれの画面です。どれも公開APIだけを、誰もが持てるのと同じキーで使っています。",
    member: "会員ページ",
    member_words: "お客様のスマートフォンで。会員証のコード、ポイントと有効期限、クーポン、近くのお店とチェックイン。",
    member_key: "会員のトークンで",
    till: "レジ",
    till_words:
      "お店のカウンターで。コードを読み取り、クーポンとポイントを使い、付け、取り消す。回線が切れても会計は続きます。",
    till_key: "端末キー(pos)で",
    cafe: "提携店",
    cafe_words: "カフェなどの提携店で。予算の中からポイントを贈り、今日の一覧と月の明細を見る。",
    cafe_key: "提携店のキー(partner)で",
    tablet: "お店のタブレット",
    tablet_words: "お店の入口で。30秒ごとに変わるチェックインコードを表示する。",
    tablet_key: "表示専用キー(presence:show)で",
    reference: "開発者の方へ: APIリファレンス",
    walk: "5分でひとまわり",
    walk_1: "会員ページに m-hanako として入り、「お店」でチェックインすると、10ポイントとクーポンが届きます。",
    walk_2: "別の窓でレジ(Shibuya)を開き、会員証の番号を入力し、商品を選んでお会計します。",
    walk_3: "レジで「練習: 回線を切る」を押して会計を続け、つなぎ直すと、送信待ちの分が送られます。",
    walk_4: "会員ページの「ポイント」で、起きたことがすべて履歴に並んでいるのを確かめます。",
  },
  en: {
    language: "Language",
    begin: "Hospitality, as people see it",
    intro:
      "Pages for the guest, the till, the partner and the store. Each uses the public API alone, with the keys that anybody else would have.",
    member: "Member's page",
    member_words:
      "On a guest's phone: the card's code, points and how long they last, coupons, stores nearby, checking in.",
    member_key: "With a member's token",
    till: "Till",
    till_words: "At the counter: scan, redeem, spend, earn, undo. When the line is down, selling goes on.",
    till_key: "With a terminal's key (pos)",
    cafe: "Partner",
    cafe_words: "In a café: give points out of its budget, see today's list and the month's statement.",
    cafe_key: "With a partner's key",
    tablet: "Store's tablet",
    tablet_words: "By the door of a store: the check-in code, a new one every 30 seconds.",
    tablet_key: "With a key that can only show it (presence:show)",
    reference: "For developers: the API reference",
    walk: "Once around in five minutes",
    walk_1: "Come into the member's page as m-hanako and check in under Stores: 10 points and a coupon arrive.",
    walk_2: "In another window open the till of Shibuya, type the number of the member's card, choose items, and pay.",
    walk_3: "Press “Practise: cut the line” at the till and go on selling; connect it, and what waited is sent.",
    walk_4: "Under Points the member sees everything that happened.",
  },
};
