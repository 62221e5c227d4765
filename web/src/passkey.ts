/**
 * Passkeys (WebAuthn): the browser's two ceremonies over options and answers as the hub writes them
 * (JSON forms of WebAuthn Level 3). Throws what the browser throws; `NotAllowedError` = given up.
 */
export type PasskeyOptions = Record<string, unknown>;
export type PasskeyAnswer = Record<string, unknown>;

/** Whether this browser has passkeys at all, and their JSON forms. */
export function hasPasskeys(): boolean {
  return (
    "PublicKeyCredential" in window &&
    "parseRequestOptionsFromJSON" in PublicKeyCredential &&
    "parseCreationOptionsFromJSON" in PublicKeyCredential
  );
}

/** Prove with a passkey that is there. */
export async function answerPasskey(options: PasskeyOptions): Promise<PasskeyAnswer> {
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(
    options as unknown as PublicKeyCredentialRequestOptionsJSON,
  );
  const credential = await navigator.credentials.get({ publicKey });
  return written(credential);
}

/** Make a new passkey. */
export async function makePasskey(options: PasskeyOptions): Promise<PasskeyAnswer> {
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(
    options as unknown as PublicKeyCredentialCreationOptionsJSON,
  );
  return written(await navigator.credentials.create({ publicKey }));
}

function written(credential: Credential | null): PasskeyAnswer {
  if (!(credential instanceof PublicKeyCredential)) throw new DOMException("", "NotAllowedError");
  return credential.toJSON() as unknown as PasskeyAnswer;
}

/** Whether a person gave up, or let the browser's dialog run out. */
export function isGivenUp(error: unknown): boolean {
  return error instanceof DOMException && error.name === "NotAllowedError";
}
