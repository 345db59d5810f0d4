/** What the page asks for when somebody wants to see it. */

/** Null when the stack does not answer: the connection's state says so. */
export async function ask(what, job) {
  try {
    const answer = await fetch(`${what}?${new URLSearchParams({ job })}`);
    return answer.ok ? await answer.json() : null;
  } catch {
    return null;
  }
}
