import { create } from 'zustand';

interface SignInAgain {
  /** The session ended under an open page, and its owner is asked to sign in over it. */
  asking: boolean;
  setAsking: (asking: boolean) => void;
}

export const useSignInAgain = create<SignInAgain>()((set) => ({
  asking: false,
  setAsking: (asking) => set({ asking }),
}));
