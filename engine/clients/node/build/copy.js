// Copies what the package carries and the repository has elsewhere: the protocol and the licence.
import { copyFileSync, cpSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const at = (path) => fileURLToPath(new URL(path, import.meta.url));
rmSync(at('../dist/proto'), { recursive: true, force: true });
cpSync(at('../../../../proto/ann'), at('../dist/proto/ann'), { recursive: true });
copyFileSync(at('../../../../LICENSE'), at('../LICENSE'));
