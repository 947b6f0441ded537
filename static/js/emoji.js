// Signs that are offered behind `:` in the composer, by the names that people type elsewhere.
// Owns which ones: those that one sends to customers. A keyboard of the system has all others.

const NAMED = `smile 😄 grin 😁 joy 😂 laughing 😆 sweat_smile 😅 slightly_smiling_face 🙂 wink 😉 blush 😊 relieved 😌 heart_eyes 😍
  star_struck 🤩 hugs 🤗 thinking 🤔 neutral_face 😐 confused 😕 worried 😟 disappointed 😞 sad 😢 sob 😭 tired 😫 angry 😠
  open_mouth 😮 scream 😱 flushed 😳 sleeping 😴 sunglasses 😎 nerd 🤓 zipper_mouth 🤐 facepalm 🤦 shrug 🤷 wave 👋 thumbsup 👍
  thumbsdown 👎 ok_hand 👌 clap 👏 pray 🙏 raised_hands 🙌 handshake 🤝 point_right 👉 point_up ☝️ muscle 💪 eyes 👀 fingers_crossed 🤞
  heart ❤️ orange_heart 🧡 green_heart 💚 blue_heart 💙 broken_heart 💔 sparkles ✨ star ⭐ fire 🔥 tada 🎉 balloon 🎈 gift 🎁 trophy 🏆
  rocket 🚀 sun ☀️ rainbow 🌈 cloud ☁️ umbrella ☔ snowflake ❄️ coffee ☕ cake 🍰 pizza 🍕 flower 🌸 bouquet 💐 package 📦 truck 🚚
  airplane ✈️ shopping 🛍️ cart 🛒 card 💳 money 💰 receipt 🧾 tag 🏷️ house 🏠 phone 📞 mobile 📱 laptop 💻 email 📧 envelope ✉️
  calendar 📅 clock 🕐 hourglass ⏳ bell 🔔 bulb 💡 key 🔑 lock 🔒 wrench 🔧 gear ⚙️ bug 🐛 memo 📝 paperclip 📎 link 🔗 camera 📷
  mag 🔍 warning ⚠️ question ❓ exclamation ❗ check ✅ cross ❌ info ℹ️ new 🆕 hundred 💯 arrow_right ➡️ arrow_up ⬆️ arrow_down ⬇️`;

const words = NAMED.split(/\s+/);

/** `{name, words, shown, insert}` of each, as static/js/menu.js takes them. */
export const EMOJI = words.flatMap((name, at) => (at % 2 ? [] : [{ name, words: `:${name}`, shown: words[at + 1], insert: `${words[at + 1]} ` }]));
