// Approving, publishing, and what came of it: the buttons of the bar.
import { desk } from "./state.js";
import { ask } from "./server.js";
import { saveAll } from "./field.js";
import { hush, tell } from "./notices.js";
import { openHistory } from "./history.js";
import { PublishDialog } from "./publish_dialog.js";
import { button, setText, when } from "./dom.js";

const at = (id) => document.getElementById(id);
const IS_APPROVED = ["approved", "published"];
let dialog = null;

const act = async (path, body) => {
  await saveAll();
  const answer = await ask("POST", `/api/episodes/${desk.data.id}/${path}`, body);
  // What the answer says goes at once; the next patch brings the rest.
  for (const name of ["state", "approval", "published", "publish_at"]) if (answer && name in answer) desk.data[name] = answer[name];
  desk.poll();
  hush();
  draw();
  return answer;
};

const said = (promise) => promise.catch((error) => {
  const toConflicts = desk.data.notes.conflicts.length
    ? button("Show the conflicts", () => { document.body.dataset.pane = "notes"; at("conflicts").scrollIntoView(); at("conflicts").querySelector("button").focus(); }, { class: "small" }) : null;
  tell(error.message, "bad", toConflicts);
});

const approve = () => said(act("approve", { seen: desk.data.seq, draft: desk.data.draft }));
const withdraw = () => said(act("withdraw", {}));

const draw = () => {
  const { state, approval, published, publish_at: planned } = desk.data;
  const words = JSON.parse(at("bar").dataset.states);
  at("state").dataset.state = state;
  const who = approval && IS_APPROVED.includes(state) ? ` by ${approval.by}, ${when(approval.at)}` : "";
  setText(at("state"), `${words[state] ?? state}${state === "approved" ? who : ""}${planned ? `, to be published ${when(planned)}` : ""}`);
  at("state").title = published ? `Version ${published.version} was published ${when(published.at)} by ${published.by}` : "";
  const isApproved = IS_APPROVED.includes(state);
  setText(at("approve"), isApproved ? "Withdraw approval" : state === "changed_since_approval" ? "Approve again" : "Approve");
  at("approve").dataset.does = isApproved ? "withdraw" : "approve";
  dialog?.draw();
};

const start = () => {
  if (dialog) return;
  dialog = new PublishDialog({ act, approve });
  document.body.append(dialog.node);
  at("approve").addEventListener("click", () => (at("approve").dataset.does === "withdraw" ? withdraw() : approve()));
  at("publish").addEventListener("click", () => dialog.open());
  at("history").addEventListener("click", () => openHistory());
  for (const name of ["notes", "state"]) desk.addEventListener(name, draw);
  draw();
};

if (desk.data) start(); else desk.addEventListener("notes", start, { once: true });
