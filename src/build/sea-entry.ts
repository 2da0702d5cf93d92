import { getAsset } from 'node:sea';
import { start } from '../main.ts';

// The entry of the executable, which has no package.json to read the version from.
void start(getAsset('version', 'utf8'));
