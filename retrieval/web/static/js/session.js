// Who is here, and what he may do.

import { button, el, fill } from "./elements.js";
import { api } from "./api.js";
import { t } from "./language.js";
import { shown } from "./texts.js";

export const session = { user: null, sign_in: "none", may: [] };

/** Ask the server who is here. */
export async function load() {
  Object.assign(session, await api.session());
  return session;
}

/** Whether whoever is here may "ask", "curate" or "admin". */
export function may(what) {
  return session.may.includes(what);
}

/** Whether the page has to ask for a name first. */
export function signedOut() {
  return session.sign_in !== "none" && !session.user;
}

/** The form to sign in by; `entered` is called when it worked. */
export function signInPage(place, entered) {
  const told = el("p", { class: "told", role: "alert" });
  const name = el("input", { id: "name", name: "name", autocomplete: "username", required: true, maxlength: "200" });
  const password = el("input", { id: "password", type: "password", name: "password",
    autocomplete: "current-password", required: true, maxlength: "1000" });
  const submit = async (event) => {
    event.preventDefault();
    told.textContent = "";
    try {
      await api.signIn(name.value, password.value);
      await load();
      entered();
    } catch (problem) {
      told.textContent = problem.status === 401 ? t("wrong_password")
        : [problem.message, problem.todo].filter(Boolean).join(" ") || t("unreached");
      password.value = "";
      password.focus();
    }
  };
  fill(place, el("section", { class: "sign-in", "aria-labelledby": "sign-in-title" },
    el("h1", { id: "sign-in-title" }, t("sign_in")),
    session.sign_in === "oidc" ? el("a", { class: "button main-action", href: api.oidc }, t("sign_in_oidc"))
      : el("form", { on: { submit } },
        el("label", { class: "field", for: "name" }, el("span", {}, t("name")), name),
        el("label", { class: "field", for: "password" }, el("span", {}, t("password")), password),
        told, el("button", { type: "submit", class: "main-action" }, t("sign_in")))));
  name.focus();
}

/** Name and way out, for the bar; null where nobody signs in. */
export function whoIsHere(left) {
  if (!session.user) return null;
  return el("span", { class: "who" }, el("span", {}, shown(session.user.name)),
    el("span", { class: "dim" }, t(`role_${session.user.role}`)),
    button(t("sign_out"), async () => {
      await api.signOut().catch(() => undefined);
      await load().catch(() => undefined);
      left();
    }, { class: "quiet" }));
}
